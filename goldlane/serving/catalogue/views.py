"""One published table as its page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from goldlane.drawing.drawing import NARROW_GAP, Drawing, drawn
from goldlane.drawing.graphs import Arrow, Node
from goldlane.features.online.catalogue import Catalogue, CountedRule, Drift
from goldlane.serving.catalogue.freshness import Freshness, exactly, freshness, span

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online import Publication

_SPARK_HEIGHT = 28
_ONLINE = "online store"


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One publish in the picture of the history."""

    height: int
    words: str


@dataclass(frozen=True, kw_only=True)
class TableView:
    """``sets`` are the names of the sets that it is in; ``now`` is the instant that ages are told from."""

    publication: Publication
    now: datetime
    sets: tuple[str, ...] = ()

    @property
    def table(self) -> FeatureTable:
        """The declaration."""
        return self.publication.table

    @cached_property
    def told(self) -> Catalogue:
        """What publishing told; an empty one where an earlier Goldlane published."""
        return self.publication.catalogue or Catalogue()

    @cached_property
    def freshness(self) -> Freshness:
        """How old the newest event is."""
        return freshness(self.told.newest, self.table.ttl, self.now)

    @property
    def published(self) -> str:
        """``12 min ago``."""
        at = self.publication.published_at
        return "" if at is None else f"{span(max(0.0, (self.now - at).total_seconds()))} ago"

    @property
    def ttl(self) -> str | None:
        """The TTL in words."""
        return None if self.table.ttl is None else exactly(self.table.ttl)

    @property
    def sensitive(self) -> int:
        """How many features are sensitive."""
        return sum(feature.sensitive for feature in self.table.features)

    @cached_property
    def drawing(self) -> Drawing | None:
        """The graph with the store at its right end; None where it is not known."""
        if not self.told.nodes:
            return None
        keys = self.table.name if self.told.rows is None else f"{self.told.rows:,} keys"
        nodes = [Node(name=node.name, kind=node.kind, detail=node.kind.replace("_", " ")) for node in self.told.nodes]
        arrows = [Arrow(source=source, target=target) for source, target in self.told.edges]
        nodes.append(Node(name=_ONLINE, kind="online", status="COMPLETED", detail=keys))
        if self.told.source:
            arrows.append(Arrow(source=self.told.source, target=_ONLINE))
        return drawn(nodes, arrows, gap=NARROW_GAP)

    @property
    def broken(self) -> int:
        """How many of all rules were broken by some row."""
        return sum(rule.failed > 0 for rule in (*self.told.gate, *self.told.upstream))

    @property
    def rule_groups(self) -> Sequence[tuple[str, Sequence[CountedRule]]]:
        """The rules under headings that say of what they were asked; the broken ones first."""
        groups = (
            ("Asked of the whole gold table before it was published", self.told.gate),
            ("Counted while the rows were made", self.told.upstream),
        )
        return [(heading, sorted(rules, key=lambda rule: rule.failed == 0)) for heading, rules in groups if rules]

    @cached_property
    def drifts(self) -> tuple[Drift, ...]:
        """The drift of the table's features, those that moved most first."""
        names = {feature.name for feature in self.table.features}
        shown = [drift for drift in self.told.drift or () if drift.feature in names]
        return tuple(sorted(shown, key=lambda drift: -drift.value / (drift.limit or 1.0)))

    @property
    def drifted(self) -> int:
        """How many of them drifted."""
        return sum(drift.has_drifted for drift in self.drifts)

    @cached_property
    def bars(self) -> tuple[Bar, ...]:
        """The history of publishes: one bar each, as high as the keys that it touched."""
        touched = [past.rows_written + past.rows_deleted for past in self.told.history]
        most = max(touched, default=0) or 1
        return tuple(
            Bar(
                height=max(2, round(_SPARK_HEIGHT * count / most)),
                words=f"{past.at:%-d %b %Y, %H:%M} UTC, {past.rows_written:,} written, {past.rows_deleted:,} deleted, {past.seconds:g} s",
            )
            for count, past in zip(touched, self.told.history, strict=True)
        )
