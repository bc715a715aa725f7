"""Which rows of a micro-batch can be served: those with keys, time, and values of the declared types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from goldlane.errors import UsageError
from goldlane.features.arrow_batches import arrow_schema, complete, conformed, event_schema
from goldlane.features.delta_files import plain_text

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The rows that can be served, and how many cannot: a NULL key or time, a value that its declared type does not hold."""

    rows: pa.Table
    rejected: int


def accepted(table: FeatureTable, found: pa.Table) -> Accepted:
    """The good rows of ``found``, in the declaration's columns and types; of a table with tiles every column, for they are events."""
    schema = served_schema(table, found.schema)
    batches = [good for batch in found.to_batches() for good in _fitting(plain_text(batch), schema, table)]
    rows = pa.Table.from_batches(batches, schema=schema)
    return Accepted(rows=rows, rejected=found.num_rows - rows.num_rows)


def without_forgotten(table: FeatureTable, rows: pa.Table, place: Path) -> pa.Table:
    """The rows of keys that the storage, in which the Delta table ``place`` lies, has not been told to forget."""
    from goldlane.features.forgotten_entities import forgotten_among

    names = list(table.keys)
    gone = forgotten_among(rows.select(names).group_by(names).aggregate([]).select(names), table, place)
    return rows.filter(pa.array([key not in gone for key in rows.select(names).to_pylist()], pa.bool_())) if gone else rows


def served_schema(table: FeatureTable, found: pa.Schema) -> pa.Schema:
    """The columns that a stream of ``table`` brings: the declared ones, or, for tiles, events with declared keys and time."""
    if not table.has_tiles:
        return arrow_schema(table)
    typed = {field.name: field for field in event_schema(table)}
    return pa.schema([typed.get(field.name, field) for field in found])


def _fitting(batch: pa.RecordBatch, schema: pa.Schema, table: FeatureTable) -> Iterator[pa.RecordBatch]:
    """The rows that fit. One that does not is searched for by halves: there are few."""
    try:
        yield complete(conformed(batch, schema, table.name), table)
    except UsageError:
        half = batch.num_rows // 2
        if half:
            yield from _fitting(batch.slice(0, half), schema, table)
            yield from _fitting(batch.slice(half), schema, table)
