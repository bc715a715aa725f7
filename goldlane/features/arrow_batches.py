"""Arrow batches of any origin, made to fit a declaration: its columns, its types, no NULL key, no NULL time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from goldlane.errors import Mistakes, UsageError
from goldlane.features.online.values import FIRST_INSTANT, LAST_INSTANT
from goldlane.features.types import decimal_scale

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable

_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "timestamp_ntz": pa.timestamp("us"),
    "binary": pa.binary(),
}
_DAY = 86_400_000_000
_FAMILIES = {
    "text": (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
    "number": (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal),
    "boolean": (pa.types.is_boolean,),
    "date": (pa.types.is_date,),
    "binary": (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view),
}


class Intake:
    """The rows of some batches that a store can take, and how many came and were refused.

    A row with a NULL key or a NULL event time can never be looked up or ordered: it is refused and counted.
    ``newest`` is the newest event time among the rows taken so far. A store may take them from ``source`` itself, and says so (``count``).
    """

    def __init__(self, table: FeatureTable, batches: Iterable[pa.RecordBatch]) -> None:
        self.table, self.source, self._schema = table, batches, arrow_schema(table)
        self.rows_seen = self.rows_rejected = 0
        self.newest: datetime | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Batches in the declaration's columns and types."""
        for raw in self.source:
            batch = conformed(raw, self._schema, self.table.name)
            kept = complete(batch, self.table)
            self.rows_seen += batch.num_rows
            self.rows_rejected += batch.num_rows - kept.num_rows
            if kept.num_rows:
                self.newest = newest_of([kept], self.table.event_time, self.newest)
                yield kept

    def count(self, seen: int, rejected: int, newest: datetime | None) -> None:
        """Rows that went another way than through here."""
        self.rows_seen, self.rows_rejected, self.newest = seen, rejected, newest


def complete(batch: pa.RecordBatch, table: FeatureTable) -> pa.RecordBatch:
    """The rows that have all of their keys and their time."""
    for name in (*table.keys, table.event_time):
        if batch.column(name).null_count:
            batch = batch.filter(pc.is_valid(batch.column(name)))
    return batch


def newest_of(batches: Iterable[pa.RecordBatch], event_time: str, known: datetime | None = None) -> datetime | None:
    """The newest event time among ``batches`` and ``known``; None where there is none."""
    times = (pc.max(batch.column(event_time)).as_py() for batch in batches)
    return max((time for time in (known, *times) if time is not None), default=None)


def arrow_schema(table: FeatureTable) -> pa.Schema:
    """The declaration as an Arrow schema: keys, event time, features."""
    features = [(feature.name, arrow_type(feature.type)) for feature in table.features]
    return pa.schema([*event_schema(table), *features])


def event_schema(table: FeatureTable) -> pa.Schema:
    """What the declaration says of events: keys and event time."""
    return pa.schema([*key_schema(table), (table.event_time, _TYPES["timestamp"])])


def key_schema(table: FeatureTable) -> pa.Schema:
    """The declaration's keys as an Arrow schema."""
    return pa.schema([(key, arrow_type(table.key_types[key])) for key in table.keys])


def arrow_type(type_name: str) -> pa.DataType:
    """The Arrow type of a declared type."""
    scale = decimal_scale(type_name)
    if scale is None:
        return _TYPES[type_name]
    return pa.decimal128(int(type_name.partition("(")[2].partition(",")[0]), scale)


def fields_of(struct: pa.DataType) -> list[pa.Field[Any]]:
    """The fields of a struct's type; none of any other type."""
    return [struct.field(number) for number in range(struct.num_fields)] if isinstance(struct, pa.StructType) else []


def check_columns(table: FeatureTable, found: Mapping[str, pa.DataType], place: str, wanted: pa.Schema | None = None) -> None:
    """Refuse a frame that lacks columns of the declaration (or of ``wanted``), or holds them in types that do not convert; all at once."""
    wanted = arrow_schema(table) if wanted is None else wanted
    missing = [f"there is no column {name!r}" for name in wanted.names if name not in found]
    wrong = [
        f"{field.name} is {found[field.name]}, declared {field.type}"
        for field in wanted
        if field.name in found and not _converts(found[field.name], field.type)
    ]
    if missing or wrong:
        raise Mistakes(f"{place} does not fit the declaration of {table.name}", [*missing, *wrong])


def together(rows: pa.Table, keys: Iterable[str]) -> list[pa.RecordBatch]:
    """The rows, those of one key one after the other."""
    return rows.sort_by([(key, "ascending") for key in keys]).to_batches(max_chunksize=65536)


def conformed(batch: pa.RecordBatch, schema: pa.Schema, name: str) -> pa.RecordBatch:
    """``batch`` with exactly the columns and types of ``schema``; a value that would change is an error, never rounded or wrapped."""
    return pa.RecordBatch.from_arrays([_cast(batch.column(field.name), field, name) for field in schema], schema=schema)


def _cast(column: pa.Array[Any], field: pa.Field[Any], name: str) -> pa.Array[Any]:
    try:
        converted = _in_utc(column).cast(field.type)
    except pa.ArrowInvalid as error:
        raise UsageError(
            f"{name}: column {field.name} is declared {field.type} and holds a value that does not fit: {error}",
            hint="declare the type that the column has, or cast it in the table",
        ) from error

    if pa.types.is_temporal(field.type):
        _check_years(converted, field, name)
    return converted


def _check_years(column: pa.Array[Any], field: pa.Field[Any], name: str) -> None:
    """Arrow's times reach further than Python's: what no reader could make a time of is refused."""
    is_date = pa.types.is_date(field.type)
    first, last = (FIRST_INSTANT // _DAY, LAST_INSTANT // _DAY) if is_date else (FIRST_INSTANT, LAST_INSTANT)
    ends: Any = pc.min_max(column.cast(pa.int32() if is_date else pa.int64())).as_py()
    if ends["min"] is not None and not first <= ends["min"] <= ends["max"] <= last:
        raise UsageError(f"{name}: column {field.name} holds a time outside the years 1 to 9999", hint="keep such rows out of the table")


def _in_utc(column: pa.Array[Any]) -> pa.Array[Any]:
    """A time without a zone is taken as UTC, as everywhere in Goldlane."""
    if pa.types.is_timestamp(column.type) and column.type.tz is None:
        return column.cast(pa.timestamp(column.type.unit, "UTC"))
    return column


def _converts(found: pa.DataType, wanted: pa.DataType) -> bool:
    return found == wanted or pa.types.is_null(found) or _family(found) == _family(wanted)


def _family(data_type: pa.DataType) -> str:
    for name, tests in _FAMILIES.items():
        if any(test(data_type) for test in tests):
            return name
    return "time" if pa.types.is_timestamp(data_type) else str(data_type)
