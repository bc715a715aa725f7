"""Two schemas of one source made one: the first keeps its names, types and order, the second adds what is new."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql.types import DataType, StructType


def merged(first: StructType, second: StructType) -> StructType:
    """``first`` with the fields of ``second`` that it lacks, inside structs and arrays, too; names match without case."""
    from pyspark.sql.types import StructField, StructType

    more = {field.name.lower(): field for field in second.fields}
    kept = [
        StructField(field.name, _deeper(field.dataType, more[field.name.lower()].dataType)) if field.name.lower() in more else field
        for field in first.fields
    ]
    known = {field.name.lower() for field in first.fields}
    return StructType([*kept, *(field for name, field in more.items() if name not in known)])


def added_names(first: StructType, second: StructType, prefix: str = "") -> tuple[str, ...]:
    """Dotted names of the fields that ``second`` has and ``first`` lacks."""
    from pyspark.sql.types import StructType

    known = {field.name.lower(): _element(field.dataType) for field in first.fields}
    names: list[str] = []
    for field in second.fields:
        before, after = known.get(field.name.lower()), _element(field.dataType)
        if before is None:
            names.append(prefix + field.name)
        elif isinstance(before, StructType) and isinstance(after, StructType):
            names += added_names(before, after, f"{prefix}{field.name}.")
    return tuple(names)


def _deeper(first: DataType, second: DataType) -> DataType:
    from pyspark.sql.types import ArrayType, StructType

    if isinstance(first, StructType) and isinstance(second, StructType):
        return merged(first, second)
    if isinstance(first, ArrayType) and isinstance(second, ArrayType):
        return ArrayType(_deeper(first.elementType, second.elementType), first.containsNull)
    return first


def _element(kind: DataType) -> DataType:
    from pyspark.sql.types import ArrayType

    return _element(kind.elementType) if isinstance(kind, ArrayType) else kind


def widened(first: StructType, second: StructType) -> StructType:
    """``merged``, where a column of two types becomes the type that holds both: double for numbers, else text."""
    from pyspark.sql.types import StructField, StructType

    others = {field.name.lower(): field.dataType for field in second.fields}
    both = [StructField(field.name, _common(field.dataType, others.get(field.name.lower(), field.dataType))) for field in first.fields]
    return merged(StructType(both), second)


def _common(first: DataType, second: DataType) -> DataType:
    from pyspark.sql.types import DoubleType, IntegralType, LongType, NumericType, StringType

    if first == second:
        return first
    if isinstance(first, IntegralType) and isinstance(second, IntegralType):
        return LongType()
    return DoubleType() if isinstance(first, NumericType) and isinstance(second, NumericType) else StringType()
