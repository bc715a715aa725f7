"""Sums that can be taken apart again: what is added per row, how the parts of a window become its sum or mean, and of which type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import Column
    from pyspark.sql.types import DataType

    from goldlane.features.rolling import Rolling

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


def total_type(kind: DataType) -> str:
    """The type of a sum, Spark's own: bigint, ``decimal(p+10,s)`` or double."""
    from pyspark.sql.types import DecimalType

    if kind.simpleString() in _FRACTIONAL:
        return "double"
    return sum_type("exact", kind) if isinstance(kind, DecimalType) else "bigint"


def mean_type(kind: DataType) -> str:
    """The type of a mean, Spark's own: ``decimal(p+4,s+4)`` for decimals, else double."""
    from pyspark.sql.types import DecimalType

    if not isinstance(kind, DecimalType):
        return "double"
    return f"decimal({min(kind.precision + 4, _MAX_PRECISION)},{min(kind.scale + 4, _MAX_PRECISION)})"


def total(parts: Mapping[str, Column], kind: DataType) -> Column:
    """The sum, in the type of ``total_type``."""
    return parts["coarse"] + parts["fine"] if kind.simpleString() in _FRACTIONAL else parts["exact"].cast(total_type(kind))


def mean(parts: Mapping[str, Column], values: Column, kind: DataType) -> Column:
    """The mean, in the type of ``mean_type``. ``values`` is how many there are, not 0."""
    from pyspark.sql.types import DecimalType

    if isinstance(kind, DecimalType):
        return (parts["exact"] / values.cast("decimal(20,0)")).cast(mean_type(kind))
    return (total(parts, kind) if kind.simpleString() in _FRACTIONAL else parts["exact"].cast("double")) / values


def result_type(window: Rolling, kind: DataType | None) -> str:
    """The type of a window's value, of a column of the type ``kind``; whatever stands for it over nothing has it, too."""
    if window.counts or kind is None:
        return "bigint"
    if window.function == "stddev":
        return "double"
    typed = {"sum": total_type, "mean": mean_type}.get(window.function)
    return kind.simpleString() if typed is None else typed(kind)
