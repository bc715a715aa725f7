"""Types of the source and of the target brought together: grown by new columns and fields, values cast by name."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, MapType, StructField, StructType


def grown_schema(target: StructType, source: StructType) -> StructType:
    """``target`` and, behind its columns, what only ``source`` has; a column of both keeps the target's type, plus new nested fields."""
    return _grown_struct(target, source)


def same_type(one: DataType, other: DataType) -> bool:
    """Whether the types differ in nothing but nullability."""
    return one.simpleString() == other.simpleString()


def conformed(value: Column, source: DataType, target: DataType) -> Column:
    """``value`` in the target's type; struct fields are matched by name, those that the source lacks are NULL."""
    if same_type(source, target):
        return value
    if isinstance(source, StructType) and isinstance(target, StructType):
        return F.when(value.isNotNull(), F.struct(*[_field(value, source, field) for field in target.fields]))
    if isinstance(source, ArrayType) and isinstance(target, ArrayType):
        return F.transform(value, lambda item: conformed(item, source.elementType, target.elementType))
    return value.cast(target)


def _field(value: Column, source: StructType, wanted: StructField) -> Column:
    for field in source.fields:
        if field.name.lower() == wanted.name.lower():
            return conformed(value.getField(field.name), field.dataType, wanted.dataType).alias(wanted.name)
    return F.lit(None).cast(wanted.dataType).alias(wanted.name)


def _grown(target: DataType, source: DataType) -> DataType:
    if isinstance(target, StructType) and isinstance(source, StructType):
        return _grown_struct(target, source)
    if isinstance(target, ArrayType) and isinstance(source, ArrayType):
        return ArrayType(_grown(target.elementType, source.elementType), target.containsNull)
    if isinstance(target, MapType) and isinstance(source, MapType):
        return MapType(target.keyType, _grown(target.valueType, source.valueType), target.valueContainsNull)
    return target


def _grown_struct(target: StructType, source: StructType) -> StructType:
    arriving = {field.name.lower(): field for field in source.fields}
    known = {field.name.lower() for field in target.fields}
    kept = [
        StructField(field.name, _grown(field.dataType, arriving[field.name.lower()].dataType), field.nullable, field.metadata)
        if field.name.lower() in arriving
        else field
        for field in target.fields
    ]
    return StructType([*kept, *(StructField(field.name, field.dataType) for field in source.fields if field.name.lower() not in known)])
