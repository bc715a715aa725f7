"""Partials merged in Spark: ``goldlane.features.partials`` says what they hold and by which formulas they merge.

``gathered`` is an aggregate of a frame's partials, ``joined`` makes one of two gathered ones, ``finished`` is its value. Sums, extremes and
the last value are merged while they are gathered; for ``stddev`` and ``count_distinct``, whose partials Spark cannot add, a list is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldlane.features import partials, sketch

if TYPE_CHECKING:
    from pyspark.sql import Column, WindowSpec
    from pyspark.sql.types import DataType, DecimalType, StructType

    from goldlane.features.rolling import Rolling

_MAX_PRECISION = 38
_WIDEST = 37  # of a decimal's total, see `tiling.total_type`


def gathered(partial: Column, function: str, frame: WindowSpec) -> Column:
    """What the partials of a frame of rows come to; rows without a partial do not count."""
    from pyspark.sql import functions as F

    if function == "stddev":
        return F.collect_list(partial).over(frame)
    if function == "count_distinct":
        return F.collect_list(partial["hashes"]).over(frame)
    if function in ("min", "max"):
        return (F.min if function == "min" else F.max)(partial["value"]).over(frame)
    if function == "last":
        return F.max(partial).over(frame)
    return F.struct(*(F.sum(partial[field]).over(frame).alias(field) for field in partials.LAYOUT[function]))


def joined(left: Column, right: Column, function: str, kind: StructType) -> Column:
    """Two gathered results as one; ``kind`` is the type of a partial."""
    from pyspark.sql import functions as F

    if function in ("stddev", "count_distinct"):
        return F.concat(left, right)
    if function in ("min", "max", "last"):
        return (F.least if function == "min" else F.greatest)(left, right)
    return F.struct(*(_added(left[field], right[field], kind[field].dataType).alias(field) for field in partials.LAYOUT[function]))


def finished(found: Column, rolling: Rolling, kind: StructType) -> Column:
    """The window's value in the type that ``with_rolling_features`` gives it; ``default`` over nothing, else 0 for counts and NULL."""
    from pyspark.sql import functions as F

    value = _value(found, rolling.function, kind)
    if rolling.default is None and not rolling.counts:
        return value
    nothing = F.lit(0 if rolling.default is None else rolling.default).cast(result_type(rolling.function, kind))
    return F.when(value > 0, value).otherwise(nothing) if rolling.counts else F.coalesce(value, nothing)


def result_type(function: str, kind: StructType) -> str:
    """The type of a window's value whose partials are ``kind``: that of ``with_rolling_features``."""
    if function in ("count", "count_distinct"):
        return "bigint"
    if function == "stddev":
        return "double"
    if function in ("sum", "mean"):
        total = kind["total"].dataType
        return _sum_type(total) if function == "sum" else _mean_type(total)
    return kind["value"].dataType.simpleString()


def _value(found: Column, function: str, kind: StructType) -> Column:
    if function == "count":
        return found["n"]
    if function == "sum":
        return found["total"].cast(_sum_type(kind["total"].dataType))
    if function == "mean":
        return _mean(found, kind["total"].dataType)
    if function == "stddev":
        return _deviation(found)
    if function == "count_distinct":
        return _distinct(found)
    return found["value"] if function == "last" else found


def _added(left: Column, right: Column, kind: DataType) -> Column:
    from pyspark.sql import functions as F

    left, right = left.cast(kind), right.cast(kind)
    return F.coalesce(left + right, left, right).cast(kind)


def _sum_type(kind: DataType) -> str:
    """Spark's type of the sum whose tiles have totals of ``kind``; see ``tiling.total_type``."""
    from pyspark.sql.types import DecimalType

    if not isinstance(kind, DecimalType):
        return kind.simpleString()
    return "bigint" if _is_integer(kind) else f"decimal({kind.precision + (kind.precision == _WIDEST)},{kind.scale})"


def _mean(found: Column, kind: DataType) -> Column:
    total, n = found["total"], found["n"]
    return total.cast("double") / n if _mean_type(kind) == "double" else (total / n.cast("decimal(20,0)")).cast(_mean_type(kind))


def _mean_type(kind: DataType) -> str:
    """Spark's type of the mean whose tiles have totals of ``kind``; see ``tiling.total_type``."""
    from pyspark.sql.types import DecimalType

    if not isinstance(kind, DecimalType) or _is_integer(kind):
        return "double"
    precision = _MAX_PRECISION if kind.precision == _WIDEST else kind.precision - 6
    return f"decimal({precision},{min(kind.scale + 4, _MAX_PRECISION)})"


def _is_integer(kind: DecimalType) -> bool:
    return kind.precision == _MAX_PRECISION


def _deviation(found: Column) -> Column:
    """The sample's; from the first partial on, as Python does it, for nothing cannot be merged with an infinity."""
    from pyspark.sql import functions as F

    def merged(left: Column, right: Column) -> Column:
        return F.struct(*(value.alias(name) for name, value in partials.spread(left, right).items()))

    whole = F.aggregate(F.slice(found, 2, F.size(found)), F.get(found, F.lit(0)), merged)
    return F.when(whole["n"] > 1, F.sqrt(whole["m2"] / (whole["n"] - 1)))


def _distinct(found: Column) -> Column:
    from pyspark.sql import functions as F

    smallest = F.slice(F.sort_array(F.array_distinct(F.flatten(found))), 1, sketch.SIZE)
    estimate = sketch.density(F.element_at(smallest, -1).cast("double")).cast("bigint")
    return F.when(F.size(smallest) < sketch.SIZE, F.size(smallest).cast("bigint")).otherwise(estimate)
