"""Profiles a frame: every row, in one aggregation, with sketches that merge."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from goldlane.expectations.profiles import ColumnProfile, Profile

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import DataType, StructField

# Ranks from the middle out; the other half of the grid is its mirror image.
TAILS = (0.5, 0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.0025, 0.001, 0.0005, 0.00025, 0.0001, 0.00005)
RANKS = tuple(sorted({0.0, 1.0, *TAILS, *(round(1 - tail, 9) for tail in TAILS)}))
_VALUES, _TRACKED = 60, 1000
_LONGEST_SHAPED = 64
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHAPED = _LETTERS + _LETTERS.lower() + "0123456789"
_SHAPES = "A" * 26 + "a" * 26 + "9" * 10
# A sketch of this size is a megabyte in each task; a table with more numbers gets smaller ones.
_LARGEST_SKETCH, _ALL_SKETCHES = 32_768, 1 << 21
# The days that Python has; instants come in its own zone.
_DAYS, _INSTANT_DAYS = ("0001-01-01", "9999-12-31"), ("0001-01-03", "9999-12-29")


def profiled(df: DataFrame) -> Profile:
    """The profile of ``df``, columns that cannot be compared (maps, structs, binaries) by their NULLs alone."""
    from pyspark.sql import functions as F

    fields = df.schema.fields
    size = _sketch_size(sum(_is_number(field.dataType) for field in fields))
    renamed = df.toDF(*(f"c{place}" for place in range(len(fields))))
    facts = [F.struct(*_facts(f"c{place}", field.dataType, size)).alias(f"c{place}") for place, field in enumerate(fields)]
    rows, *found = renamed.agg(F.count(F.lit(1)), *facts).collect()[0]
    columns = (_column(field, rows, one.asDict(), size) for field, one in zip(fields, found, strict=True))
    return Profile(rows=rows, columns=tuple(columns))


def _facts(name: str, kind: DataType, size: int) -> Iterator[Column]:
    """The aggregates of one column, each under the name of what it becomes."""
    from pyspark.sql import functions as F
    from pyspark.sql.types import DateType, IntegralType, StringType, TimestampNTZType, TimestampType

    column = F.col(name)
    yield F.count(column).alias("present")
    if _is_number(kind):
        yield from (F.min(column).alias("least"), F.max(column).alias("most"))
        yield from _number_facts(name, kind, size)
    if isinstance(kind, (DateType, TimestampType, TimestampNTZType)):
        days = _INSTANT_DAYS if isinstance(kind, TimestampType) else _DAYS
        yield from (_within(days, F.min(column)).alias("least"), _within(days, F.max(column)).alias("most"))
    if isinstance(kind, IntegralType):
        yield F.expr(f"hll_sketch_estimate(hll_sketch_agg({name}))").alias("distinct")
    if isinstance(kind, (IntegralType, StringType)):
        yield F.expr(f"approx_top_k({name}, {_VALUES}, {_TRACKED})").alias("values")
    if isinstance(kind, StringType):
        yield from _text_facts(name)


def _within(days: tuple[str, str], time: Column) -> Column:
    """NULL where the time is on none of ``days``."""
    from pyspark.sql import functions as F

    first, last = (F.expr(f"DATE'{day}'") for day in days)
    return F.when(F.to_date(time).between(first, last), time)


def _number_facts(name: str, kind: DataType, size: int) -> Iterator[Column]:
    from pyspark.sql import functions as F
    from pyspark.sql.types import FractionalType

    odd = f"isnan({name}) OR abs({name}) = double('Infinity')" if isinstance(kind, FractionalType) else "false"
    number = f"double(CASE WHEN NOT ({odd}) THEN {name} END)"
    ranks = ", ".join(f"{rank!r}D" for rank in RANKS)
    quantiles = f"kll_sketch_get_quantile_double(kll_sketch_agg_double({number}, {size}), array({ranks}))"
    # Of an empty sketch no quantile can be asked.
    yield F.expr(f"CASE WHEN count({number}) > 0 THEN {quantiles} END").alias("quantiles")
    yield F.expr(f"count_if({odd})").alias("odd_numbers")


def _text_facts(name: str) -> Iterator[Column]:
    from pyspark.sql import functions as F

    short = f"CASE WHEN char_length({name}) <= {_LONGEST_SHAPED} THEN {name} END"
    yield F.expr(f"approx_top_k(translate({short}, '{_SHAPED}', '{_SHAPES}'), {_VALUES}, {_TRACKED})").alias("shapes")
    yield F.expr(f"min(char_length({name}))").alias("shortest")
    yield F.expr(f"max(char_length({name}))").alias("longest")
    yield F.expr(f"count_if(trim({name}) = '')").alias("blanks")
    yield F.expr(rf"count_if({name} RLIKE '\\A[0-9A-Za-z_-]+\\z')").alias("words")


def _column(field: StructField, rows: int, facts: Mapping[str, Any], size: int) -> ColumnProfile:
    quantiles = facts.get("quantiles")
    lengths = (facts["shortest"], facts["longest"]) if facts.get("shortest") is not None else None
    return ColumnProfile(
        name=field.name,
        type=field.dataType.simpleString(),
        nulls=rows - facts["present"],
        least=facts.get("least"),
        most=facts.get("most"),
        quantiles=dict(zip(RANKS, quantiles, strict=True)) if quantiles else {},
        rank_error=_rank_error(size),
        odd_numbers=facts.get("odd_numbers") or 0,
        distinct=facts.get("distinct"),
        values=_counted(facts.get("values")),
        shapes=_counted(facts.get("shapes")),
        lengths=lengths,
        blanks=facts.get("blanks") or 0,
        words=facts.get("words") or 0,
    )


def _counted(items: list[Any] | None) -> tuple[tuple[Any, int], ...]:
    """Without NULL, which is counted elsewhere."""
    return tuple((item["item"], item["count"]) for item in items or () if item["item"] is not None)


def _is_number(kind: DataType) -> bool:
    from pyspark.sql.types import NumericType

    return isinstance(kind, NumericType)


def _sketch_size(numbers: int) -> int:
    return max(200, min(_LARGEST_SKETCH, _ALL_SKETCHES // max(1, numbers)))


def _rank_error(size: int) -> float:
    """What the sketch's rank is off by at most, in 99 of 100 cases: the fit that DataSketches publishes."""
    return 2.296 / math.pow(size, 0.9021)
