"""The events of each key in their order: folded where updates are partial, and cut into the versions of SCD type 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from goldlane.pipelines.cdc.names import DELETED, END_AT, SEQUENCE, START_AT, column, ranks, writes

if TYPE_CHECKING:
    from goldlane.pipelines.cdc.columns import Layout

GONE = "__cdc_gone"
_NEXT, _LIFE, _STARTS, _LAST, _PLACES = "__cdc_next", "__cdc_life", "__cdc_starts", "__cdc_last", "__cdc_places"
_SO_FAR = (Window.unboundedPreceding, Window.currentRow)


def in_order(layout: Layout) -> WindowSpec:
    """A key's events by sequence; at one sequence the lesser rows first, a delete last of all, so that it wins."""
    return Window.partitionBy(*layout.key_columns()).orderBy(*layout.times, DELETED, *layout.value_ranks())


def folded_events(log: DataFrame, layout: Layout) -> DataFrame:
    """Every event with the whole row as it was just after it, and the sequence of the next one (NULL: it is the last)."""
    timeline = log.withColumn(_NEXT, F.lead(SEQUENCE).over(in_order(layout)))
    if not layout.partial:
        return timeline
    lived = timeline.withColumn(_LIFE, F.count_if(F.col(DELETED)).over(in_order(layout).rowsBetween(*_SO_FAR)))
    life = Window.partitionBy(*layout.key_columns(), _LIFE).orderBy(*layout.times, DELETED, *layout.value_ranks()).rowsBetween(*_SO_FAR)
    values = [_last_written(name, life) for name in layout.values]
    return lived.select(*layout.key_columns(), *values, SEQUENCE, DELETED, _NEXT)


def _last_written(name: str, life: WindowSpec) -> Column:
    # A delete opens a life and writes nothing, so what came before it cannot shine through.
    written = writes(name) & ~F.col(DELETED)
    held = F.last(F.when(written, F.struct(column(name).alias("v"))), ignorenulls=True).over(life)
    return held.getField("v").alias(name)


def final_rows(timeline: DataFrame) -> DataFrame:
    """One row per key: as its last event left it, or deleted."""
    return timeline.where(F.col(_NEXT).isNull()).drop(_NEXT)


def versions(timeline: DataFrame, layout: Layout) -> DataFrame:
    """One row per version of a key, and one marked GONE for every other sequence of it, where a version may have started before.

    A version starts at the first event, after a delete, and where a tracked column changes; it holds the values of its last event,
    and ends where the next version or a delete begins.
    """
    states = timeline.where(F.col(_NEXT).isNull() | (F.col(_NEXT) != F.col(SEQUENCE)))
    by_time = Window.partitionBy(*layout.key_columns()).orderBy(SEQUENCE)
    current = F.struct(F.col(DELETED).alias("d"), *_aliased(ranks(layout.tracked, layout.schema)))
    before = F.lag(current).over(by_time)
    starts = ~F.col(DELETED) & (before.isNull() | (before != current))
    cut = F.col(_STARTS) | F.col(DELETED)
    return (
        states.withColumn(_STARTS, starts)
        .withColumn(START_AT, F.last(F.when(cut, F.col(SEQUENCE)), ignorenulls=True).over(by_time.rowsBetween(*_SO_FAR)))
        .withColumn(END_AT, F.lead(SEQUENCE).over(by_time))
        .withColumn(_LAST, F.coalesce(F.lead(cut).over(by_time), F.lit(True)))
        .withColumn(_PLACES, F.explode(_places()))
        .select(*layout.key_columns(), *[column(name) for name in layout.values], f"{_PLACES}.{START_AT}", END_AT, f"{_PLACES}.{GONE}")
    )


def _places() -> Column:
    """Where the target may hold a row because of this event: a version that it completes, and its own sequence if none starts there."""
    version = F.struct(F.col(START_AT).alias(START_AT), F.lit(False).alias(GONE))
    nothing = F.struct(F.col(SEQUENCE).alias(START_AT), F.lit(True).alias(GONE))
    return F.array_compact(F.array(F.when(F.col(_LAST) & ~F.col(DELETED), version), F.when(~F.col(_STARTS), nothing)))


def _aliased(values: list[Column]) -> list[Column]:
    return [value.alias(f"v{at}") for at, value in enumerate(values)]
