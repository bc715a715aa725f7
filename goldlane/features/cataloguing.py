"""The catalogue that a publish leaves behind: what it was told, what it found, and what the one before it knew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from goldlane.features.online.catalogue import HISTORY, Catalogue, CountedRule, PastPublish
from goldlane.features.online.store import Publication, Written

if TYPE_CHECKING:
    from goldlane.features.gate_counts import GateCount
    from goldlane.features.publishing import Published


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A publish whose rows are written but not yet recorded.

    ``newest`` is the newest event time among its rows, ``source`` the gold table's name; ``forgotten`` are keys that were touched because
    the storage has forgotten them, and that the store is to forget, too.
    """

    published: Published
    publication: Publication
    written: Written
    newest: datetime | None
    source: str | None = None
    forgotten: tuple[Mapping[str, object], ...] = ()


def recorded(finished: Finished, previous: Publication | None, told: Catalogue | None, seconds: float) -> Publication:
    """What the store is to remember of ``finished``.

    Graph and upstream rules are those of ``told``; where nothing is told, those that the store had.
    """
    had = catalogue_before(previous)
    base, now = told or had, datetime.now(timezone.utc)
    source = base.source or finished.source
    gate = tuple(_counted(source or finished.published.table, finished.published.rules, now))
    asked = {rule.name for rule in gate}
    catalogue = replace(
        base,
        source=source,
        gate=gate,
        upstream=tuple(rule for rule in base.upstream if rule.dataset != source or rule.name not in asked),
        rows=rows_after(had, finished.written, whole=finished.published.mode == "snapshot"),
        newest=_newest(finished, had),
        history=(*had.history, *_history(finished.published, now, seconds))[-HISTORY:],
    )
    return replace(finished.publication, catalogue=catalogue)


def catalogue_before(previous: Publication | None) -> Catalogue:
    """The catalogue that the store had; an empty one for a table that was never published, or before there were catalogues."""
    return (previous.catalogue if previous else None) or Catalogue(rows=None if previous else 0)


def rows_after(had: Catalogue, written: Written, *, whole: bool) -> int | None:
    """How many keys the table holds once ``written`` is in it, or is all of it; None when that cannot be known without counting."""
    if whole:
        return written.rows_written
    return None if had.rows is None or written.rows_added is None else had.rows + written.rows_added - written.rows_deleted


def _counted(source: str, counts: Iterable[GateCount], now: datetime) -> Iterator[CountedRule]:
    for count in counts:
        told = {part: getattr(count, part) for part in ("name", "predicate", "why", "passed", "failed")}
        yield CountedRule(dataset=source, action=str(count.action), counted_at=now, **told)


def _newest(finished: Finished, had: Catalogue) -> datetime | None:
    times = [finished.newest] if finished.published.mode == "snapshot" else [finished.newest, had.newest]
    return max((time for time in times if time is not None), default=None)


def _history(published: Published, now: datetime, seconds: float) -> Iterator[PastPublish]:
    if published.rows_written or published.rows_deleted or published.mode == "snapshot":
        yield PastPublish(
            at=now,
            mode=published.mode,
            rows_written=published.rows_written,
            rows_deleted=published.rows_deleted,
            version=published.version,
            seconds=round(seconds, 3),
        )
