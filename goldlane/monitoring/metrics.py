"""The profile of each window, slice and column, out of its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from goldlane.monitoring.columns import CATEGORICAL, NUMERIC, TABLE, TABLE_ROW, TIMESTAMP
from goldlane.monitoring.schemas import PROFILE_COLUMNS
from goldlane.monitoring.state import STATE_KEYS

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

QUANTILES = 1_000
FREQUENT_ITEMS = 100
_GROUP = tuple(key for key in STATE_KEYS if key != "column_name")
_PERCENT = 100.0
# Text: a thousand literals by Py4J take half a second.
_RANKS = ", ".join(f"{rank / (QUANTILES - 1)!r}D" for rank in range(QUANTILES))


def profile_rows(state: DataFrame, *, commit_version: int, monitor_version: int) -> DataFrame:
    """``PROFILE_COLUMNS``, and ``model_id`` last: a row per row of state, the ``:table`` row with the columns that are not all NULL."""
    known = {"logging_table_commit_version": F.lit(commit_version), "monitor_version": F.lit(monitor_version)}
    columns = state.where(F.col("kind") != TABLE).withColumn("known", F.col("rows") - F.coalesce("nulls", F.lit(0)))
    filled = F.when((F.col("kind") != TABLE) & (F.col("rows") > F.col("nulls")), F.col("column_name"))
    tables = state.groupBy(*_GROUP).agg(
        F.max(F.when(F.col("kind") == TABLE, F.col("rows"))).alias("count"), F.sort_array(F.collect_list(filled)).alias("non_null_columns")
    )
    return _selected(columns, {**known, **_of_column()}).unionByName(_selected(tables, {**known, **_of_table()}))


def _selected(state: DataFrame, values: dict[str, Column]) -> DataFrame:
    profile = {**PROFILE_COLUMNS, "model_id": "STRING"}
    return state.select(
        *(values.get(name, F.col(name) if name in STATE_KEYS else F.lit(None)).cast(kind).alias(name) for name, kind in profile.items())
    )


def _of_table() -> dict[str, Column]:
    return {"column_name": F.lit(TABLE_ROW), "count": F.coalesce("count", F.lit(0)), "non_null_columns": F.col("non_null_columns")}


def _of_column() -> dict[str, Column]:
    known = F.col("known")
    return {
        "count": known,
        "data_type": F.col("data_type"),
        "num_nulls": F.col("nulls"),
        "percent_null": _percent(F.col("nulls"), F.col("rows")),
        **_numbers(),
        **_categories(),
        **_distinct(),
    }


def _numbers() -> dict[str, Column]:
    numeric, ordered = F.col("kind") == NUMERIC, F.col("kind").isin(NUMERIC, TIMESTAMP)
    return {
        "avg": F.col("mean"),
        "quantiles": F.when(numeric, F.expr(f"kll_sketch_get_quantile_double(kll, array({_RANKS}))")),
        "min": F.when(ordered, F.col("min")),
        "max": F.when(ordered, F.col("max")),
        "stddev": F.when(numeric & (F.col("finite") > 1), F.sqrt(F.col("m2") / (F.col("finite") - 1))),
        "num_zeros": F.when(numeric, F.col("zeros")),
        "num_nan": F.when(numeric, F.col("nans")),
        "median": F.when(ordered, F.kll_sketch_get_quantile_double("kll", F.lit(0.5))),
        "percent_nan": F.when(numeric, _percent(F.col("nans"), F.col("known"))),
        "percent_zeros": F.when(numeric, _percent(F.col("zeros"), F.col("known"))),
    }


def _categories() -> dict[str, Column]:
    return {
        "min_length": F.col("min_length"),
        "max_length": F.col("max_length"),
        "avg_length": F.when(F.col("known") > 0, F.col("total_length") / F.col("known")),
        "frequent_items": F.when(F.col("kind") == CATEGORICAL, F.slice("items", 1, FREQUENT_ITEMS)),
    }


def _distinct() -> dict[str, Column]:
    estimate = F.least(F.coalesce(F.hll_sketch_estimate("hll"), F.lit(0)), F.col("known"))
    distinct = F.when(F.col("kind").isin(NUMERIC, TIMESTAMP, CATEGORICAL), estimate)
    return {"distinct_count": distinct, "percent_distinct": _percent(distinct, F.col("known"))}


def _percent(part: Column, whole: Column) -> Column:
    """0 to 100; NULL of nothing."""
    return F.when(whole > 0, part * _PERCENT / whole)
