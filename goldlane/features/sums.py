"""Sums that can be taken apart again: what is added per row, and how the parts of a window become its sum or mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import Column
    from pyspark.sql.types import DataType

_MAX_PRECISION = 38
_FRACTIONAL = ("float", "double")
_SMALL = ("boolean", "tinyint", "smallint", "int")
_FLOAT_LIMIT = 1e38


def inputs(value: Column, kind: DataType) -> dict[str, Column]:
    """What to add up per row, by part; every part is NULL exactly where ``value`` is. A double must be finite.

    Integers and decimals are one exact part. A double is two, its first 24 bits and the rest: sums of so short numbers do not round
    (unless their sizes differ by many magnitudes), so adding first and subtracting later leaves nothing behind.
    """
    from pyspark.sql import functions as F

    if kind.simpleString() not in _FRACTIONAL:
        return {"exact": value.cast("bigint" if kind.simpleString() in _SMALL else input_type(kind))}
    double = value.cast("double")
    coarse = F.when(F.abs(double) < _FLOAT_LIMIT, double.cast("float").cast("double")).otherwise(double)
    return {"coarse": coarse, "fine": double - coarse}


def input_type(kind: DataType) -> str:
    """The type in which a bigint or a decimal is added up."""
    return "decimal(20,0)" if kind.simpleString() == "bigint" else kind.simpleString()


def sum_type(part: str, kind: DataType) -> str:
    """The type of a running total. Decimals of up to 28 digits never overflow it; longer ones may, in Spark's own sum, too."""
    from pyspark.sql.types import DecimalType

    if part == "exact" and kind.simpleString() == "bigint":
        return "decimal(30,0)"
    if isinstance(kind, DecimalType):
        return f"decimal({min(kind.precision + 10, _MAX_PRECISION)},{kind.scale})"
    return "double" if part in ("coarse", "fine") else "bigint"


def total(parts: Mapping[str, Column], kind: DataType) -> Column:
    """The sum in the type Spark's own has: bigint, ``decimal(p+10,s)`` or double."""
    from pyspark.sql.types import DecimalType

    if kind.simpleString() in _FRACTIONAL:
        return parts["coarse"] + parts["fine"]
    return parts["exact"].cast(sum_type("exact", kind) if isinstance(kind, DecimalType) else "bigint")


def mean(parts: Mapping[str, Column], values: Column, kind: DataType) -> Column:
    """The mean in the type Spark's own has: ``decimal(p+4,s+4)`` for decimals, else double. ``values`` is how many there are, not 0."""
    from pyspark.sql.types import DecimalType

    if isinstance(kind, DecimalType):
        scale = min(kind.scale + 4, _MAX_PRECISION)
        return (parts["exact"] / values.cast("decimal(20,0)")).cast(f"decimal({min(kind.precision + 4, _MAX_PRECISION)},{scale})")
    return (total(parts, kind) if kind.simpleString() in _FRACTIONAL else parts["exact"].cast("double")) / values
