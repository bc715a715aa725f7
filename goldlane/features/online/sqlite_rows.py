"""From Arrow batches to the values SQLite keeps. Column by column: Python sees a value once, when it is bound."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from goldlane.features.online.values import FLOATS, INTEGERS, NAN_TEXT, family

if TYPE_CHECKING:
    import pyarrow as pa


def stored_rows(batch: pa.RecordBatch, types: Mapping[str, str]) -> Iterator[tuple[Any, ...]]:
    """The rows of ``batch``, whose columns are ``types`` in this order, as ``values`` describes them."""
    return zip(*(_stored(batch.column(name), kind) for name, kind in types.items()), strict=True)


def batch_of(rows: Sequence[Sequence[Any]], types: Mapping[str, str]) -> pa.RecordBatch:
    """Stored rows, whose columns are ``types``, as a batch: ``stored_rows`` turned around."""
    import pyarrow as pa

    from goldlane.features.arrow_batches import arrow_type

    schema = pa.schema([(name, arrow_type(kind)) for name, kind in types.items()])
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [_loaded(list(column), field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _loaded(values: list[Any], kind: pa.DataType) -> pa.Array[Any]:
    """Times are kept as numbers, decimals and dates as text; no key and no column of a tile is a floating point number."""
    import pyarrow as pa

    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.int64()).cast(kind)
    if pa.types.is_decimal(kind) or pa.types.is_date(kind):
        return pa.array(values, pa.string()).cast(kind)
    return pa.array([bool(value) for value in values] if pa.types.is_boolean(kind) else values, kind)


def _stored(column: pa.Array[Any], type_name: str) -> list[Any]:
    import pyarrow as pa

    kind = family(type_name)
    if kind in FLOATS:
        return _floats(column)
    if kind in INTEGERS:
        return _plain(column)
    if kind in ("timestamp", "timestamp_ntz"):
        return _plain(column.cast(pa.int64()))
    if kind == "boolean":
        return _plain(column.cast(pa.int8()))
    if kind in ("decimal", "date"):
        return column.cast(pa.string()).to_pylist()
    return column.to_pylist()


def _plain(column: pa.Array[Any]) -> list[Any]:
    """Numbers as Python's; by way of numpy where no NULL is in the way, which is ten times faster."""
    return column.to_pylist() if column.null_count else column.to_numpy().tolist()


def _floats(column: pa.Array[Any]) -> list[Any]:
    import pyarrow.compute as pc

    numbers = _plain(column)
    if pc.any(pc.is_nan(column)).as_py():
        return [NAN_TEXT if number is not None and math.isnan(number) else number for number in numbers]
    return numbers
