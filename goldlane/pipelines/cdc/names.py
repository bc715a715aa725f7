"""Columns by their exact names, and how rows are ordered by them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, MapType, StructType, VariantType

START_AT, END_AT = "__START_AT", "__END_AT"
SYSTEM_START_AT, SYSTEM_END_AT = "__SYSTEM_START_AT", "__SYSTEM_END_AT"
# What an event is, beside its data.
SEQUENCE, SYSTEM, DELETED, WRITES = "__cdc_sequence", "__cdc_system", "__cdc_deleted", "__cdc_writes"
TRUNCATES, OUTSIDE, ARRIVED = "__cdc_truncates", "__cdc_outside", "__cdc_arrived"
RESERVED = (SEQUENCE, SYSTEM, DELETED, WRITES, TRUNCATES, OUTSIDE, ARRIVED)


def quoted(name: str, of: str | None = None) -> str:
    """``name`` as SQL text, whatever characters it holds; ``of`` is a table's alias."""
    text = "`" + name.replace("`", "``") + "`"
    return f"{of}.{text}" if of else text


def column(name: str, of: str | None = None) -> Column:
    """The column of exactly this name: dots are part of it."""
    return F.col(quoted(name, of))


def columns(names: Iterable[str], of: str | None = None) -> list[Column]:
    """The columns of exactly these names."""
    return [column(name, of) for name in names]


def ranks(names: Sequence[str], schema: StructType, of: str | None = None) -> list[Column]:
    """What orders and compares these columns: themselves, or their JSON where a type (map, variant) has no order."""
    types = {field.name: field.dataType for field in schema.fields}
    return [column(name, of) if is_orderable(types[name]) else _as_json(column(name, of)).alias(name) for name in names]


def writes(name: str) -> Column:
    """Whether an event of a partial update writes this column; one that was remembered before updates were partial writes all."""
    return F.coalesce(F.array_contains(WRITES, name.lower()), F.lit(True))


def is_orderable(kind: DataType) -> bool:
    """Whether Spark can sort and compare values of this type."""
    if isinstance(kind, StructType):
        return all(is_orderable(field.dataType) for field in kind.fields)
    if isinstance(kind, ArrayType):
        return is_orderable(kind.elementType)
    return not isinstance(kind, MapType | VariantType)


def _as_json(value: Column) -> Column:
    return F.to_json(F.struct(value.alias("v")), {"ignoreNullFields": "false"})
