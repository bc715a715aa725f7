"""The expressions of a change flow, tried against its source before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, BooleanType, DataType, NullType, StringType, StructType

from goldlane.errors import first_line
from goldlane.pipelines.cdc.names import column, is_orderable
from goldlane.pipelines.standins import empty_batch

if TYPE_CHECKING:
    from goldlane.pipelines.cdc.spec import ChangeSpec

_CONDITIONS = ("where", "apply_as_deletes", "apply_as_truncates")


def named_or_computed(text: str | Column, source: StructType) -> Column:
    """The column of that name when there is one, else the expression."""
    if not isinstance(text, str):
        return text
    wanted = text.strip("`").lower()
    name = next((field.name for field in source.fields if field.name.lower() == wanted), None)
    return column(name) if name else F.expr(text)


def sequence_types(source: StructType, spec: ChangeSpec, spark: SparkSession) -> dict[str, DataType]:
    """The types of what orders the changes, by analysis only: ``sequence_by``, and ``system_sequence_by`` where it is said."""
    rows = empty_batch(spark, source)
    return {
        name: rows.select(named_or_computed(value, source)).schema.fields[0].dataType
        for name in ("sequence_by", "system_sequence_by")
        if (value := getattr(spec, name)) is not None
    }


def expression_mistakes(source: StructType, spec: ChangeSpec, spark: SparkSession) -> list[str]:
    """What is wrong with the spec's expressions: they name what the source lacks, or give no condition, no order, no list of names."""
    rows = empty_batch(spark, source)
    return [mistake for name, value in _expressions(spec) for mistake in _mistakes(rows, name, value)]


def _expressions(spec: ChangeSpec) -> Iterator[tuple[str, Any]]:
    for name in ("sequence_by", "system_sequence_by", *_CONDITIONS, "columns_to_update"):
        value = getattr(spec, name)
        if value is not None:
            yield name, value


def _mistakes(rows: DataFrame, name: str, value: Any) -> list[str]:
    shown = f"{name} {value!r}" if isinstance(value, str) else name
    try:
        kind = rows.select(F.expr(value) if isinstance(value, str) and name in _CONDITIONS else named_or_computed(value, rows.schema))
    except (AnalysisException, ParseException) as error:
        return [f"{shown} does not fit the source: {first_line(error)}"]
    found = kind.schema.fields[0].dataType
    if name in _CONDITIONS:
        return [] if isinstance(found, BooleanType | NullType) else [f"{shown} is no condition, but {found.simpleString()}"]
    if name == "columns_to_update":
        lists_names = isinstance(found, ArrayType) and isinstance(found.elementType, StringType)
        return [] if lists_names else [f"{shown} must be array<string>, and is {found.simpleString()}"]
    return [] if is_orderable(found) else [f"{shown} cannot order the changes: {found.simpleString()} has no order"]
