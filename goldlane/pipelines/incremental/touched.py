"""The keys of a view that changes of its sources touch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.incremental.changes import Changes, readable
from goldlane.pipelines.incremental.filebounds import Interval, joined, ordered
from goldlane.pipelines.incremental.keys import Keys
from goldlane.pipelines.incremental.plans import frame_of, in_place_of, named, projected
from goldlane.pipelines.incremental.reach import Reach
from goldlane.pipelines.incremental.reasons import IssueType
from goldlane.pipelines.incremental.spans import HIGH, LOW, spans_around, widened

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# So many values of a column are looked at one by one to choose files; of more, only the lowest and the highest.
_MOST_VALUES = 1_000
# So many keys are fetched to see their values.
_MOST_KEYS = 200_000


@dataclass(frozen=True, slots=True)
class Touched:
    """Distinct keys, kept for as long as they are used, and how many they are; of an ``order``, they hold spans instead of values."""

    frame: DataFrame
    count: int
    order: str | None = None
    _known: dict[str, tuple[list[Interval], bool]] = field(default_factory=dict)

    def intervals(self, column: str) -> tuple[list[Interval], bool]:
        """Where the whole numbers lie that stand for a column's values (see ``ordered``), apart and in order; and whether one is NULL."""
        if column not in self._known:
            self._known[column] = self._intervals(column)
        return self._known[column]

    def within(self, reach: Reach) -> Touched:
        """The keys that are looked at from these."""
        if self.order is None:
            return self
        spans, nulls = self.intervals(self.order)
        known = {**self._known, self.order: (joined([reach.around(*span) for span in spans]), nulls)}
        return Touched(widened(self.frame, reach), self.count, self.order, known)

    def _intervals(self, column: str) -> tuple[list[Interval], bool]:
        from pyspark.sql import functions as F

        low, high = (F.col(LOW), F.col(HIGH)) if column == self.order else [ordered(self.frame, column)] * 2
        values = self.frame.select(low.alias(LOW), high.alias(HIGH))
        if self.count > _MOST_KEYS:
            values = values.agg(F.min(LOW).alias(LOW), F.max(HIGH).alias(HIGH)).unionAll(values.where(F.col(LOW).isNull()).limit(1))
        found = set(zip(*(column.to_pylist() for column in values.toArrow().columns), strict=True))
        known, nulls = sorted(ends for ends in found if ends[0] is not None), (None, None) in found
        if len(known) > _MOST_VALUES:
            known = [(known[0][0], max(high for _, high in known))]
        return (known if column != self.order else joined(known)), nulls


@contextmanager
def touched_keys(keys: Keys, changes: Mapping[str, Changes]) -> Iterator[Touched]:
    """The distinct values of the key columns in all changed rows, of deleted and of overwritten ones, too, and in rows that look there."""
    found = list(_keys(keys, changes)) or [_no_keys(keys)]
    frame = reduce(lambda one, other: one.unionByName(other), found).distinct()
    frame = (frame if keys.order is None else spans_around(frame, keys.order, keys.reach.mirrored)).persist()
    try:
        with readable(IssueType.DATA_FILE_MISSING, ", ".join(sorted(place.rpartition("/")[2] for place in changes))):
            count = frame.count()
        yield Touched(frame, count, keys.order)
    finally:
        frame.unpersist()


def _no_keys(keys: Keys) -> DataFrame:
    return frame_of(keys.session, keys.plan).select(*(f"`{name}`" for name in keys.columns)).limit(0)


def _keys(keys: Keys, changes: Mapping[str, Changes]) -> Iterable[DataFrame]:
    """One frame for each way in which a changed table is read."""
    seen: set[Any] = set()
    for path, place in keys.sources.items():
        at = keys.places[path]
        way = (place, *(at[name].sql() for name in keys.columns if name in at))
        rows = changes[place].rows if place in changes and way not in seen else None
        seen.add(way)
        if rows is not None:
            session = rows.sparkSession
            columns = [named(session, at[name], name) for name in keys.columns]
            yield frame_of(session, projected(session, columns, in_place_of(keys.nodes[path], rows)))
