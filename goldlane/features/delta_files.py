"""A Delta table opened and asked by delta-rs, its errors in one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from goldlane.errors import MissingExtraError, UsageError, first_line
from goldlane.features.errors import FeatureError

if TYPE_CHECKING:
    from deltalake import DeltaTable

_BATCH_ROWS = "65536"
# A sort that spills merges its runs in batches of this many rows, side by side in memory; more partitions would share that memory.
_SORTING = {"datafusion.execution.batch_size": "8192", "datafusion.execution.target_partitions": "1"}
SORT_MEMORY = "192M"


def open_delta(path: Path, name: str, version: int | None = None) -> DeltaTable:
    """The Delta table at ``path`` in its newest version, or in the one named; ``UsageError`` when there is none."""
    try:
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError, TableNotFoundError
    except ImportError as missing:
        raise MissingExtraError("spark", needed_for="publishing from Delta") from missing
    try:
        return DeltaTable(str(path), version=version)
    except TableNotFoundError as missing:
        raise UsageError(
            f"{name}: there is no Delta table at {path}", hint="did the run that makes it complete? is this the storage it wrote to?"
        ) from missing
    except (DeltaError, OSError) as error:
        raise FeatureError(f"{name}: the Delta table at {path} cannot be read: {first_line(error)}") from error


def ask(delta: DeltaTable, sql: str) -> Iterator[pa.RecordBatch]:
    """The batches of a query over the table, which is called ``gold`` in it."""
    return ask_of({"gold": delta}, sql)


def ask_of(tables: Mapping[str, DeltaTable], sql: str) -> Iterator[pa.RecordBatch]:
    """The batches of a query over ``tables``, by the names it calls them."""
    yield from _answered(tables, {"datafusion.execution.batch_size": _BATCH_ROWS}, sql)


def ask_sorted(
    delta: DeltaTable, sql: str, order: Iterable[str], memory: str = SORT_MEMORY, *, strictly: bool = False
) -> Iterator[pa.RecordBatch]:
    """The batches of a query over ``gold``, in ``order``, sorted in bounded ``memory`` with the help of the disk.

    Unsorted where that does not suffice, as for very long text; memory does not grow with the table then, either. ``strictly`` sorted in
    whatever memory it takes then.
    """
    limit, begun = f"SET datafusion.runtime.memory_limit = '{memory}'", False
    ordered = f"{sql} ORDER BY {columns(order)}"
    try:
        for batch in _answered({"gold": delta}, _SORTING, limit, ordered):
            begun = True
            yield batch
    except FeatureError:
        if begun:
            raise
        yield from _answered({"gold": delta}, _SORTING, ordered if strictly else sql)


def _answered(tables: Mapping[str, DeltaTable], options: dict[str, str], *statements: str) -> Iterator[pa.RecordBatch]:
    from deltalake import QueryBuilder
    from deltalake.exceptions import DeltaError

    try:
        builder = QueryBuilder(options)
        for name, delta in tables.items():
            builder = builder.register(name, delta)
        for statement in statements:
            yield from map(plain_text, pa.RecordBatchReader.from_stream(builder.execute(statement)))
    except (DeltaError, pa.ArrowException) as error:
        places = " or ".join(str(delta.table_uri) for delta in tables.values())
        raise FeatureError(f"the Delta table at {places} cannot be read: {first_line(error)}") from error


def count_rows(delta: DeltaTable) -> int:
    """The rows of the table, from its log; 0 when the log does not say."""
    from deltalake.exceptions import DeltaError

    try:
        return int(delta.count())
    except DeltaError:
        return 0


def columns(names: Iterable[str]) -> str:
    """Column names as a list in SQL."""
    return ", ".join(f'"{name}"' for name in names)


def plain_text(batch: pa.RecordBatch) -> pa.RecordBatch:
    """String views, which delta-rs hands out, as strings: Arrow cannot filter or take views."""
    schema = pa.schema([(field.name, _without_view(field.type)) for field in batch.schema])
    return batch.cast(schema)


def _without_view(data_type: pa.DataType) -> pa.DataType:
    if pa.types.is_string_view(data_type):
        return pa.string()
    if pa.types.is_struct(data_type):
        return pa.struct([(field.name, _without_view(field.type)) for field in data_type.fields])
    return pa.binary() if pa.types.is_binary_view(data_type) else data_type
