"""Stretches of an order in the place of single values of it: where changed rows are looked at from, and what is looked at from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldlane.pipelines.incremental.filebounds import ordered
from goldlane.pipelines.incremental.reach import Reach

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

LOW, HIGH = "__goldlane_low", "__goldlane_high"
_FIRST, _LAST = -(2**63), 2**63 - 1


def spans_around(keys: DataFrame, order: str, reach: Reach) -> DataFrame:
    """The other columns of distinct ``keys``, and spans ``reach`` around their values of ``order``; those of one key do not meet.

    NULL is a span of its own, whose ends are NULL: rows without a place in an order are looked at by each other.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    others = [F.col(f"`{name}`") for name in keys.columns if name != order]
    rows = keys.select(*others, ordered(keys, order).alias(LOW)).withColumn(HIGH, F.col(LOW))
    spans = widened(rows, reach)
    in_order = Window.partitionBy(*others).orderBy(LOW)
    # NULL comes first: neither it nor what follows it goes on with a span.
    goes_on = F.coalesce(F.col(LOW) <= F.lag(HIGH).over(in_order), F.lit(False))
    numbered = spans.withColumn("__goldlane_span", F.sum(F.when(goes_on, 0).otherwise(1)).over(in_order))
    found = numbered.groupBy(*others, "__goldlane_span").agg(F.min(LOW).alias(LOW), F.max(HIGH).alias(HIGH))
    return found.drop("__goldlane_span")


def widened(spans: DataFrame, reach: Reach) -> DataFrame:
    """What is looked at from ``spans``."""
    from pyspark.sql import functions as F

    return spans.withColumns({LOW: _moved(F.col(LOW), -reach.before), HIGH: _moved(F.col(HIGH), reach.after)})


def lies_in(value: Column, low: Column, high: Column) -> Column:
    """Whether a value of the order, as a whole number, lies in a span."""
    return value.between(low, high) | (value.isNull() & low.isNull())


def _moved(value: Column, steps: int) -> Column:
    """The sum, or the last whole number before it overflows."""
    from pyspark.sql import functions as F

    if steps < 0:
        return F.when(value < _FIRST - steps, F.lit(_FIRST)).otherwise(value + steps)
    return F.when(value > _LAST - steps, F.lit(_LAST)).otherwise(value + steps)
