"""Bitemporal histories: the versions of a key as they were believed at each system time, each for as long as it was believed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from goldlane.pipelines.cdc.names import END_AT, START_AT, SYSTEM, SYSTEM_END_AT, SYSTEM_START_AT, column, columns
from goldlane.pipelines.cdc.timeline import GONE, folded_events, versions

if TYPE_CHECKING:
    from goldlane.pipelines.cdc.columns import Layout

_MOMENT, _AT, _NEXT, _RUN = "__cdc_moment", "__cdc_at", "__cdc_next_moment", "__cdc_run"


def believed_versions(log: DataFrame, layout: Layout) -> DataFrame:
    """One row per version and span of system time: at each system time of a key, SCD type 2 of the events known by then.

    A later system time corrects what an earlier one said about the same business time. The work grows with the square of the
    events of one key.
    """
    at_moment = replace(layout, keys=(*layout.keys, _MOMENT))
    timeline = folded_events(_known_at_each_moment(log, layout), at_moment)
    believed = versions(timeline, at_moment).where(~F.col(GONE)).drop(GONE)
    return _spans(believed.join(_moments(log, layout), [*layout.keys, _MOMENT]), layout)


def with_disproved(believed: DataFrame, held: DataFrame, layout: Layout) -> DataFrame:
    """The believed rows, and marked GONE those of ``held`` that never should have been: a late event split or ended them."""
    place = [*layout.keys, START_AT, SYSTEM_START_AT]
    disproved = held.select(*columns(believed.columns)).join(believed.select(*columns(place)), place, "left_anti")
    return believed.withColumn(GONE, F.lit(False)).unionByName(disproved.withColumn(GONE, F.lit(True)))


def _moments(log: DataFrame, layout: Layout) -> DataFrame:
    """The system times of each key, numbered, each with the one after it."""
    in_turn = Window.partitionBy(*layout.key_columns()).orderBy(_MOMENT)
    moments = log.select(*layout.key_columns(), F.col(SYSTEM).alias(_MOMENT)).distinct()
    return moments.withColumn(_AT, F.row_number().over(in_turn)).withColumn(_NEXT, F.lead(_MOMENT).over(in_turn))


def _known_at_each_moment(log: DataFrame, layout: Layout) -> DataFrame:
    moments = log.select(*layout.key_columns(), F.col(SYSTEM).alias(_MOMENT)).distinct()
    return log.join(moments, list(layout.keys)).where(F.col(SYSTEM) <= F.col(_MOMENT))


def _spans(believed: DataFrame, layout: Layout) -> DataFrame:
    """Rows that were believed without a break become one, from the first moment to the one after the last."""
    same = [*layout.key_columns(), column(START_AT), column(END_AT), *layout.value_ranks()]
    run = F.col(_AT) - F.row_number().over(Window.partitionBy(*same).orderBy(_AT))
    named = [rank.alias(f"__cdc_same_{at}") for at, rank in enumerate(same)]
    whole = F.struct(*columns(layout.values), column(START_AT), column(END_AT))
    return (
        believed.withColumn(_RUN, run)
        .groupBy(*layout.key_columns(), *named, _RUN)
        .agg(
            F.any_value(whole).alias("v"),
            F.min(_MOMENT).alias(SYSTEM_START_AT),
            F.max_by(_NEXT, _AT).alias(SYSTEM_END_AT),
        )
        .select(*layout.key_columns(), "v.*", SYSTEM_START_AT, SYSTEM_END_AT)
    )
