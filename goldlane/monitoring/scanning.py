"""The one pass over the rows of a table: state for each window of the base granularity, slice and model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from goldlane.monitoring.aggregates import aggregated, projected, state_row, table_row
from goldlane.monitoring.columns import TABLE, TABLE_ROW, WatchedColumn, watched_columns
from goldlane.monitoring.granularities import Granularity
from goldlane.monitoring.state import STATE_COLUMNS
from goldlane.monitoring.windows import window

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# More columns in one aggregation outgrow what Spark compiles and plans in seconds; each batch reads its own columns only.
COLUMNS_AT_ONCE = 100
GROUP = ("g_start", "g_slice", "g_model")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How rows are cut: ``start`` is where a row's window begins (microseconds); ``slices`` are the values kept of each expression."""

    log_type: str
    start: Column
    granularity: Granularity | None = None
    model_id: Column | None = None
    slices: Mapping[str, Sequence[str | None]] = field(default_factory=dict)


def scanned_state(rows: DataFrame, cut: Cut) -> DataFrame:
    """State, as ``STATE_COLUMNS``. Rows without a window (``start`` is NULL) are left out."""
    columns = list(enumerate(watched_columns(rows.schema)))
    batches = [columns[first : first + COLUMNS_AT_ONCE] for first in range(0, len(columns), COLUMNS_AT_ONCE)]
    return reduce(
        lambda one, other: one.unionByName(other), (_batch(rows, cut, batch, with_table=batch is batches[0]) for batch in batches)
    )


def empty_state(rows: DataFrame, cut: Cut) -> DataFrame:
    """The state of a table without rows: nothing, counted."""
    nothing = {"log_type": F.lit(cut.log_type), "window": window(cut.start, cut.granularity), **dict.fromkeys(("rows", "nulls"), F.lit(0))}
    columns = [
        F.struct(F.lit(column.name).alias("column_name"), F.lit(column.data_type).alias("data_type"), F.lit(column.kind).alias("kind"))
        for column in (*watched_columns(rows.schema), WatchedColumn(name=TABLE_ROW, data_type="", type_name="", kind=TABLE))
    ]
    each = rows.sparkSession.range(1).select(F.explode(F.array(*columns)).alias("column"), *(v.alias(n) for n, v in nothing.items()))
    known = each.select("column.*", *nothing)
    return known.select(
        *((F.col(name) if name in known.columns else F.lit(None)).cast(kind).alias(name) for name, kind in STATE_COLUMNS.items())
    )


def grouped_rows(rows: DataFrame, cut: Cut, values: Sequence[Column]) -> DataFrame:
    """``values`` of every row, once for each of its slices, beside ``g_start``, ``g_slice`` and ``g_model``.

    ``g_slice`` has ``key`` and ``value``, NULL for the whole.
    """
    whole = F.struct(F.lit(None).cast("string").alias("key"), F.lit(None).cast("string").alias("value"))
    slices = [_slice(expression, kept) for expression, kept in cut.slices.items()]
    several = F.explode(F.filter(F.array(whole, *slices), lambda each: each.isNotNull())) if slices else whole
    model = F.lit(None) if cut.model_id is None else cut.model_id
    cut_rows = rows.select(cut.start.alias("g_start"), several.alias("g_slice"), model.cast("string").alias("g_model"), *values)
    return cut_rows.where(F.col("g_start").isNotNull())


def _batch(rows: DataFrame, cut: Cut, columns: Sequence[tuple[int, WatchedColumn]], *, with_table: bool) -> DataFrame:
    values = [value for number, column in columns for value in _named(projected(number, column))]
    aggregates = [aggregate for number, column in columns for aggregate in _named(aggregated(number, column))]
    wide = grouped_rows(rows, cut, values).groupBy(*GROUP).agg(F.count(F.lit(1)).alias("rows"), *aggregates)
    state = [*([table_row()] if with_table else []), *(state_row(number, column) for number, column in columns)]
    keys = {
        "log_type": F.lit(cut.log_type),
        "window": window(F.col("g_start"), cut.granularity),
        "granularity": F.lit(None if cut.granularity is None else cut.granularity.name),
        "slice_key": F.col("g_slice.key"),
        "slice_value": F.col("g_slice.value"),
        "model_id": F.col("g_model"),
    }
    long = wide.select(*(key.alias(name) for name, key in keys.items()), F.expr(f"explode(array({', '.join(state)})) AS state"))
    return long.selectExpr(
        *(f"CAST({name if name in keys else f'state.{name}'} AS {kind}) AS {name}" for name, kind in STATE_COLUMNS.items())
    )


def _named(expressions: Mapping[str, str]) -> list[Column]:
    return [F.expr(f"{expression} AS {name}") for name, expression in expressions.items()]


def _slice(expression: str, kept: Sequence[str | None]) -> Column:
    """The slice of a row; NULL where its value is not among those kept."""
    value = F.expr(expression).cast("string")
    known = value.isin([each for each in kept if each is not None])
    # Spark says false, not NULL, of NULL among no values at all.
    wanted = F.when(value.isNull(), F.lit(None in kept)).otherwise(known)
    return F.when(wanted, F.struct(F.lit(expression).alias("key"), value.alias("value")))
