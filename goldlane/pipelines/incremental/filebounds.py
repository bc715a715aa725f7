"""The lowest and the highest value of a column in each file of a Delta table, as whole numbers; read without Spark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.incremental.sources import TableVersion

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import Column, DataFrame

Interval = tuple[int, int]
_EPOCH, _EPOCH_DAY = datetime(1970, 1, 1, tzinfo=timezone.utc), date(1970, 1, 1)
# Delta keeps the bounds of times in milliseconds, cut off.
_MILLISECOND_US = 1_000
MOST_INTERVALS = 64


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a table's version: ``rows`` and path of each, and (low, high) of a column where the file holds a value."""

    rows: tuple[int, ...]
    bounds: tuple[Interval | None, ...] = ()
    paths: tuple[str, ...] = ()


def files_of(table: TableVersion, column: str | None = None) -> Files | None:
    """The table's files; None when that is not known of each: it lies on another machine, or has no statistics, or days beyond Python's."""
    from deltalake.exceptions import DeltaError

    if not table.path.removeprefix("file:").startswith("/"):
        return None
    try:
        found = _actions(table)
    except DeltaError:
        return None
    try:
        columns = _columns(found, column)
    except (OverflowError, ValueError):
        return None
    rows: list[Any] = columns.get("num_records", [])
    if None in rows or len(rows) != found.num_rows:
        return None
    if column is None:
        return Files(tuple(rows))
    bounds = _bounds(columns, column, found.num_rows)
    return None if bounds is None else Files(tuple(rows), bounds, tuple(columns.get("path", ())))


@lru_cache(maxsize=8)
def _actions(table: TableVersion) -> pa.Table:
    """The log's entries of the files; a version of a table never changes."""
    import pyarrow as pa
    from deltalake import DeltaTable

    found = DeltaTable(table.path.removeprefix("file:"), version=table.version).get_add_actions(flatten=True)
    return pa.table(found) if found.num_rows else pa.table({})


def _columns(files: pa.Table, column: str | None) -> dict[str, list[Any]]:
    """What is asked of the files. Not more: any other column may hold a day that Python does not have."""
    wanted = {"num_records", "path", *(f"{fact}.{column}" for fact in ("partition", "min", "max", "null_count"))}
    known: dict[str, list[Any]] = files.select([name for name in files.column_names if name in wanted]).to_pydict()
    return known


def _bounds(columns: dict[str, list[Any]], column: str, files: int) -> tuple[Interval | None, ...] | None:
    folders = columns.get(f"partition.{column}")
    if folders is not None:
        return tuple(None if value is None else (whole(value), whole(value)) for value in folders)
    if files and not {f"min.{column}", f"max.{column}"} <= columns.keys():
        return None
    nulls = columns.get(f"null_count.{column}", [None] * files)
    found: list[Interval | None] = []
    for file in range(files):
        low, high = columns[f"min.{column}"][file], columns[f"max.{column}"][file]
        if low is not None and high is not None:
            margin = _MILLISECOND_US if isinstance(low, datetime) else 0
            found.append((whole(low), whole(high) + margin))
        elif nulls[file] == columns["num_records"][file]:
            found.append(None)
        else:
            return None
    return tuple(found)


def whole(value: Any) -> int:
    """Microseconds or days since 1970 of a time or a day; a number is itself."""
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return (aware - _EPOCH) // timedelta(microseconds=1)
    if isinstance(value, date):
        return (value - _EPOCH_DAY).days
    return int(value)


def column_of(values: Column, type_name: str) -> Column:
    """Whole numbers as values of a type."""
    from pyspark.sql import functions as F

    if type_name == "timestamp":
        return F.timestamp_micros(values)
    return F.date_from_unix_date(values.cast("int")) if type_name == "date" else values.cast(type_name)


def ordered(frame: DataFrame, column: str) -> Column:
    """A column as whole numbers in the same order, rounded down; of a struct its first field."""
    from pyspark.sql import functions as F
    from pyspark.sql.types import StructType

    value = F.col(f"`{column}`")
    kind = frame.select(value).schema[0].dataType
    if isinstance(kind, StructType):
        value, kind = value.getField(kind.names[0]), kind.fields[0].dataType
    if kind.simpleString() == "timestamp":
        return F.unix_micros(value)
    return F.unix_date(value).cast("bigint") if kind.simpleString() == "date" else F.floor(value).cast("bigint")


def joined(intervals: Sequence[Interval]) -> list[Interval]:
    """Intervals without overlaps, in order; the narrowest gaps are closed where there are too many."""
    merged: list[Interval] = []
    for low, high in sorted(intervals):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    while len(merged) > MOST_INTERVALS:
        gap = min(range(1, len(merged)), key=lambda position: merged[position][0] - merged[position - 1][1])
        merged[gap - 1 : gap + 1] = [(merged[gap - 1][0], merged[gap][1])]
    return merged
