"""The keys of a view that changes of its sources touch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.incremental.changes import Changes, readable
from goldlane.pipelines.incremental.filebounds import Interval, whole
from goldlane.pipelines.incremental.keys import Keys
from goldlane.pipelines.incremental.plans import frame_of, in_place_of, named, projected
from goldlane.pipelines.incremental.reasons import IssueType

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# So many values of a column are looked at one by one to choose files; of more, only the lowest and the highest.
_MOST_VALUES = 1_000


@dataclass(frozen=True, slots=True)
class Touched:
    """Distinct keys, kept for as long as they are used, and how many they are."""

    frame: DataFrame
    count: int
    _known: dict[str, tuple[list[Interval], bool]] = field(default_factory=dict)

    def intervals(self, column: str) -> tuple[list[Interval], bool]:
        """Where the whole numbers lie that stand for a column's values (see ``ordered``), and whether one is NULL."""
        if column not in self._known:
            self._known[column] = self._intervals(column)
        return self._known[column]

    def _intervals(self, column: str) -> tuple[list[Interval], bool]:
        from pyspark.sql import functions as F

        values = self.frame.select(ordered(self.frame, column).alias("value")).distinct()
        found = [row.value for row in values.limit(_MOST_VALUES + 1).collect()]
        if len(found) <= _MOST_VALUES:
            numbers = sorted(whole(value) for value in found if value is not None)
            return [(number, number) for number in numbers], None in found
        row = values.agg(F.min("value").alias("low"), F.max("value").alias("high"), F.max(F.col("value").isNull()).alias("nulls")).head()
        return ([(whole(row.low), whole(row.high))], bool(row.nulls)) if row is not None else ([], False)


def ordered(frame: DataFrame, column: str) -> Column:
    """A column as whole numbers in the same order, rounded down; of a struct its first field."""
    from pyspark.sql import functions as F
    from pyspark.sql.types import StructType

    value, kind = F.col(f"`{column}`"), frame.schema[column].dataType
    if isinstance(kind, StructType):
        value, kind = value.getField(kind.names[0]), kind.fields[0].dataType
    if kind.simpleString() == "timestamp":
        return F.unix_micros(value)
    return F.unix_date(value).cast("bigint") if kind.simpleString() == "date" else F.floor(value).cast("bigint")


@contextmanager
def touched_keys(keys: Keys, changes: Mapping[str, Changes]) -> Iterator[Touched]:
    """The distinct values of the key columns in all changed rows, of deleted and of overwritten ones, too."""
    found = list(_keys(keys, changes)) or [_no_keys(keys)]
    frame = reduce(lambda one, other: one.unionByName(other), found).distinct().persist()
    try:
        with readable(IssueType.DATA_FILE_MISSING, ", ".join(sorted(place.rpartition("/")[2] for place in changes))):
            count = frame.count()
        yield Touched(frame, count)
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
