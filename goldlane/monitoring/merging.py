"""State of coarser windows out of state of finer ones: nothing is read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from goldlane.monitoring.aggregates import listed
from goldlane.monitoring.columns import CATEGORICAL, NUMERIC
from goldlane.monitoring.granularities import Granularity
from goldlane.monitoring.state import ITEMS_KEPT, KLL_K, STATE_COLUMNS, STATE_KEYS
from goldlane.monitoring.windows import start_us, window

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_KEYS = ("m_start", *(key for key in STATE_KEYS if key not in ("window", "granularity")))
_SUMS = ("rows", "nulls", "nans", "infinities", "zeros", "finite", "total_length")


def coarser_state(state: DataFrame, granularity: Granularity) -> DataFrame:
    """The state of ``granularity``, of state of one that it holds (``Granularity.holds``)."""
    return merged_state(state.withColumn("m_start", start_us(_start(), granularity)), granularity)


def state_at(state: DataFrame, instant: int) -> DataFrame:
    """All of ``state`` as one instant, of a snapshot that rows were added to."""
    return merged_state(state.withColumn("m_start", F.lit(instant).cast("bigint")), None)


def merged_state(state: DataFrame, granularity: Granularity | None) -> DataFrame:
    """One row of state per ``m_start``, slice, model and column."""
    parts = F.collect_list(F.when(F.col("finite") > 0, F.struct("finite", "mean", "m2")))
    newest = F.struct(F.col("window.start"), F.col("data_type"), F.col("kind"))
    merged = state.groupBy(*_KEYS).agg(
        *(F.sum(name).alias(name) for name in _SUMS),
        *(F.min(name).alias(name) for name in ("min", "min_length")),
        *(F.max(name).alias(name) for name in ("max", "max_length")),
        F.max(newest).alias("newest"),
        F.kll_merge_agg_double("kll", KLL_K).alias("kll"),
        F.hll_union_agg("hll").alias("hll"),
        parts.alias("parts"),
    )
    return _completed(merged, _items(state), granularity)


def _completed(merged: DataFrame, items: DataFrame, granularity: Granularity | None) -> DataFrame:
    moments = merged.withColumn("moments", F.aggregate("parts", F.struct(*_nothing()), _together))
    same = [merged[key].eqNullSafe(items[key]) for key in _KEYS]
    joined = moments.join(items, how="left", on=same).select(moments["*"], items["items"])
    known = F.col("rows") - F.col("nulls")
    values = {
        "window": window(F.col("m_start"), granularity),
        "granularity": F.lit(None if granularity is None else granularity.name),
        "data_type": F.col("newest.data_type"),
        "kind": F.col("newest.kind"),
        "mean": F.when(_has_moments(), F.col("moments.mean")),
        "m2": F.when(_has_moments(), F.col("moments.m2")),
        "kll": F.when(F.col("finite") > 0, F.col("kll")),
        "hll": F.when(known > 0, F.col("hll")),
        "items": F.when(F.col("newest.kind").isin(CATEGORICAL, NUMERIC), F.coalesce(F.col("items"), _no_items())),
        "other": F.when(F.col("newest.kind") == CATEGORICAL, F.greatest(known - F.expr(f"coalesce({listed('items')}, 0L)"), F.lit(0))),
    }
    return joined.select(*(values.get(name, F.col(name)).cast(kind).alias(name) for name, kind in STATE_COLUMNS.items()))


def _items(state: DataFrame) -> DataFrame:
    """The most frequent items of what is merged; what fell out of a part's list is in ``other`` and does not come back."""
    each = state.where(F.col("items").isNotNull()).select(*_KEYS, F.explode("items").alias("each"))
    counted = each.groupBy(*_KEYS, F.col("each.item").alias("item")).agg(F.sum("each.count").alias("count"))
    ranked = F.sort_array(F.collect_list(F.struct((-F.col("count")).alias("less"), "item", "count")))
    listed_items = F.transform(F.slice(ranked, 1, ITEMS_KEPT), lambda one: F.struct(one["item"].alias("item"), one["count"].alias("count")))
    return counted.groupBy(*_KEYS).agg(listed_items.alias("items"))


def _together(one: Column, other: Column) -> Column:
    """Mean and squared distances of two groups, without the cancellation of sums of squares."""
    finite = one["finite"] + other["finite"]
    distance = other["mean"] - one["mean"]
    mean = one["mean"] + distance * other["finite"] / finite
    m2 = one["m2"] + other["m2"] + distance * distance * one["finite"] * other["finite"] / finite
    return F.struct(finite.alias("finite"), mean.alias("mean"), m2.alias("m2"))


def _nothing() -> list[Column]:
    return [F.lit(0.0).alias(name) for name in ("finite", "mean", "m2")]


def _no_items() -> Column:
    return F.array().cast("array<struct<item: string, count: bigint>>")


def _has_moments() -> Column:
    return (F.col("newest.kind") == NUMERIC) & (F.col("finite") > 0)


def _start() -> Column:
    return F.unix_micros("window.start")
