"""Where a feature table comes from, as the event log of a storage tells it: its ancestors, and the rules that were counted on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from goldlane.errors import UsageError
from goldlane.expectations import Rules
from goldlane.features.online.catalogue import Catalogue, CountedRule, Drift, GraphNode
from goldlane.pipelines.eventlog import read_events
from goldlane.pipelines.names import DEFAULT_SCHEMA
from goldlane.reports.drifts import drift_sheet
from goldlane.reports.edges import Flowed
from goldlane.reports.logged import LoggedDataset, LoggedUpdate, RuleKey, logged_updates
from goldlane.reports.naming import Names
from goldlane.reports.reasons import Reasons
from goldlane.reports.wording import as_written

_UPDATES = 20


class Provenance:
    """What the newest updates in a storage's log know of its tables; nothing where there is no log.

    ``declared`` are the project's rules by table: they say why. ``is_monitored`` says of a table's full name whether it still is.
    """

    def __init__(
        self, storage: Path, declared: Mapping[str, Rules] | None = None, *, is_monitored: Callable[[str], bool] = lambda _: True
    ) -> None:
        self._is_monitored = is_monitored
        self._storage, self._updates, self._reasons = storage, _newest_updates(storage), Reasons(declared or {})

    def of(self, source: str) -> Catalogue | None:
        """The graph and the rules of the gold table ``source`` (``[[catalog.]schema.]name``), from the newest update that defines it."""
        name = source if "." in source else f"{DEFAULT_SCHEMA}.{source}"
        for update in self._updates:
            found = Names(update.datasets).find(name)
            if found is not None:
                return self._catalogue(update, found)
        return None

    def _catalogue(self, update: LoggedUpdate, source: str) -> Catalogue:
        names = Names(update.datasets)
        arrows = Flowed(update.datasets, names, _uncounted).arrows()
        edges = _ancestry(names.short(source), [(arrow.source, arrow.target) for arrow in arrows])
        kept = dict.fromkeys([*(name for edge in edges for name in edge), names.short(source)])
        datasets = {names.short(name): dataset for name, dataset in update.datasets.items()}
        counted = {rule for name in kept if name in datasets for rule in self._rules(datasets[name], update, names)}
        return Catalogue(
            source=names.short(source),
            pipeline=update.pipeline,
            update_id=update.update_id,
            updated_at=update.ended,
            nodes=tuple(GraphNode(name=name, kind=datasets[name].kind if name in datasets else _outside(name)) for name in kept),
            edges=edges,
            upstream=tuple(sorted(counted, key=lambda rule: (rule.dataset, rule.name))),
            drift=self._drift(source),
        )

    def _drift(self, source: str) -> tuple[Drift, ...] | None:
        schema, _, table = source.rpartition(".")
        sheet = drift_sheet(self._storage / "tables" / schema / table, table)
        if sheet is None or sheet.problem is not None or not self._is_monitored(source):
            return None
        return sheet.drifts

    def _rules(self, dataset: LoggedDataset, newest: LoggedUpdate, names: Names) -> Iterator[CountedRule]:
        """Each rule that still stands, as it was counted last: an update that had nothing to write counted nothing."""
        counts: dict[RuleKey, tuple[tuple[int, int], datetime]] = {}
        for update in self._updates:
            if dataset.name in update.datasets:
                for key, found in update.datasets[dataset.name].judged.items():
                    counts.setdefault(key, (found, update.ended))
        for (stands, name), ((passed, failed), ended) in counts.items():
            holder = newest.datasets.get(names.find(stands) or stands, dataset)
            declared = next((rule for rule in holder.declared if rule["name"] == name), None)
            if declared is not None:
                yield CountedRule(
                    dataset=names.short(dataset.name),
                    name=name,
                    action=declared.get("action", "warn"),
                    predicate=as_written(declared.get("predicate", "")),
                    why=self._reasons.why(names.short(dataset.name), name),
                    passed=passed,
                    failed=failed,
                    counted_at=ended,
                )


def _newest_updates(storage: Path) -> list[LoggedUpdate]:
    """The last updates in the log, newest first; none where the folder holds tables that no update wrote."""
    try:
        rows = read_events(storage)
    except UsageError:
        return []
    ids = list(dict.fromkeys(row["origin"]["update_id"] for row in rows))[-_UPDATES:]
    return list(reversed(logged_updates(row for row in rows if row["origin"]["update_id"] in ids).values()))


def _uncounted(_name: str) -> None:
    """No rows on the edges: what flowed in one update says little about a table that many updates filled."""


def _ancestry(target: str, edges: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The edges on a way to ``target``, those from far away first."""
    found: dict[tuple[str, str], None] = {}
    waiting, seen = [target], {target}
    for name in waiting:
        for edge in edges:
            if edge[1] == name:
                found[edge] = None
                if edge[0] not in seen:
                    seen.add(edge[0])
                    waiting.append(edge[0])
    return tuple(reversed(found))


def _outside(name: str) -> str:
    return "files" if name.endswith("/") else "external"
