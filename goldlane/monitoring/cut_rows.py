"""The rows of a watched table, once for each window, slice and model that they count in: what metrics over rows are grouped by."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import TYPE_CHECKING

from goldlane.monitoring.columns import TABLE_ROW, quoted, watched_columns
from goldlane.monitoring.granularities import Granularity, granularity
from goldlane.monitoring.planning import MOST_WINDOWS
from goldlane.monitoring.profiles import Snapshot
from goldlane.monitoring.scanning import Cut, grouped_rows
from goldlane.monitoring.schemas import BASELINE, INPUT
from goldlane.monitoring.slices import sliceable
from goldlane.monitoring.windows import placed_us, start_us, timestamp_literal, window

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from goldlane.monitoring.context import RefreshContext
    from goldlane.monitoring.slices import Slices

# Beside the table's own columns, so named as none of them is.
BY = ("g_window", "g_granularity", "g_slice_key", "g_slice_value", "g_model")


def cut_rows(context: RefreshContext, profile: DataFrame, slices: Slices) -> Iterator[tuple[str, DataFrame]]:
    """The rows of every window that ``profile`` has, with the columns of ``BY``; and those of the baseline, if it has that.

    Of a slicing expression that fails on them, here or in a wider window than was read, there are no slices.
    """
    reached = _reached(profile)
    table = context.watched.frame(context.spark)
    frames = [_in_windows(context, table, starts, name, slices) for name, starts in reached.items() if name != BASELINE]
    if frames:
        yield INPUT, reduce(lambda one, other: one.unionByName(other), frames)
    if BASELINE in reached and context.baseline is not None:
        yield BASELINE, _of_baseline(context.baseline.frame(context.spark), slices)


def _reached(profile: DataFrame) -> dict[str | None, list[int]]:
    """Where the windows of each granularity begin; ``BASELINE`` for that, None for a snapshot."""
    from pyspark.sql import functions as F

    tables = profile.where(F.col("column_name") == TABLE_ROW)
    found: dict[str | None, list[int]] = {}
    for row in tables.select("log_type", "granularity", F.unix_micros("window.start").alias("start")).distinct().collect():
        found.setdefault(BASELINE if row["log_type"] == BASELINE else row["granularity"], []).append(row["start"])
    return found


def _in_windows(context: RefreshContext, table: DataFrame, starts: list[int], name: str | None, slices: Slices) -> DataFrame:
    from pyspark.sql import functions as F

    model = None if context.model_id is None else F.col(quoted(context.model_id))
    profile = context.monitor.profile
    if name is None or isinstance(profile, Snapshot):
        usable = slices if context.work.is_whole else sliceable(table, slices)[0]
        return _grouped(table, Cut(log_type=INPUT, start=F.lit(context.instant).cast("bigint"), slices=usable))
    width = granularity(name)
    (column,) = (each for each in watched_columns(table.schema) if each.name.lower() == profile.timestamp.lower())
    start = start_us(placed_us(column), width)
    if len(starts) <= MOST_WINDOWS:
        table = table.where(start.isin(starts))
        if column.type_name == "timestamp":
            # Delta skips files by the bare column only.
            last = width.end_of(max(starts))
            bounds = f"{column.quoted} >= {timestamp_literal(min(starts))} AND {column.quoted} < {timestamp_literal(last)}"
            table = table.where(bounds)
    usable = slices if context.work.is_whole else sliceable(table, slices)[0]
    return _grouped(table, Cut(log_type=INPUT, start=start, granularity=width, model_id=model, slices=usable))


def _of_baseline(baseline: DataFrame, slices: Slices) -> DataFrame:
    """One window without a time."""
    from pyspark.sql import functions as F

    rows = _grouped(baseline, Cut(log_type=BASELINE, start=F.lit(0).cast("bigint"), slices=sliceable(baseline, slices)[0]))
    return rows.withColumn("g_window", F.lit(None).cast(rows.schema["g_window"].dataType))


def _grouped(rows: DataFrame, cut: Cut) -> DataFrame:
    from pyspark.sql import functions as F

    own = [F.col(quoted(name)) for name in rows.columns]
    keys: dict[str, Column] = {
        "g_window": window(F.col("g_start"), cut.granularity),
        "g_granularity": F.lit(_name(cut.granularity)).cast("string"),
        "g_slice_key": F.col("g_slice.key"),
        "g_slice_value": F.col("g_slice.value"),
        "g_model": F.col("g_model"),
    }
    return grouped_rows(rows, cut, own).select(*(key.alias(name) for name, key in keys.items()), *own)


def _name(width: Granularity | None) -> str | None:
    return None if width is None else width.name
