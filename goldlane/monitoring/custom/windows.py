"""Metrics of metrics: derived ones over a row of the profile table, drift ones over the rows of two windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from goldlane.monitoring.custom.evaluation import Asked, Evaluated, computed, expressions, typed
from goldlane.monitoring.custom.templates import BASE, CURRENT

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from goldlane.monitoring.monitors import Monitor


def with_derived_metrics(profile: DataFrame, monitor: Monitor) -> Evaluated:
    """``profile`` with the derived metrics, each on the rows of its input columns; they see the row and those declared before them."""
    metrics, problems = typed(monitor.custom_metrics, "derived")
    for metric in metrics:
        made, unusable = expressions(((metric, column) for column in metric.input_columns), monitor.profile)
        told = _with(profile, made, [(metric.name, metric.output_type)])
        profile, problems = told.frame, [*problems, *unusable, *told.problems]
    return Evaluated(frame=profile, problems=tuple(problems))


def with_drift_metrics(drift: DataFrame, current: DataFrame, base: DataFrame, monitor: Monitor, on: Sequence[Column]) -> Evaluated:
    """``drift`` with the drift metrics: each row beside its own profile row and the one that it is compared with.

    ``current`` and ``base`` are profile rows with custom metrics; ``on`` are the two conditions that find a drift row's, written with the
    aliases ``drift``, ``current_df`` and ``base_df``. Each finds at most one row.
    """
    metrics, untyped = typed(monitor.custom_metrics, "drift")
    if not metrics:
        return Evaluated(frame=drift, problems=tuple(untyped))
    from pyspark.sql import functions as F

    joined = drift.alias("drift").join(current.alias(CURRENT), on[0], "left").join(base.alias(BASE), on[1], "left")
    pairs = joined.select("drift.*", *(_struct(frame, name) for frame, name in ((current, CURRENT), (base, BASE))))
    made, problems = expressions(((metric, column) for metric in metrics for column in metric.input_columns), monitor.profile)
    told = _with(pairs, made, [(metric.name, metric.output_type) for metric in metrics])
    kept = [*drift.columns, *(metric.name for metric in metrics)]
    return Evaluated(frame=told.frame.select(*(F.col(f"`{name}`") for name in kept)), problems=(*untyped, *problems, *told.problems))


def _struct(frame: DataFrame, name: str) -> Column:
    from pyspark.sql import functions as F

    return F.struct(*(F.col(f"{name}.`{column}`") for column in frame.columns)).alias(name)


def _with(frame: DataFrame, made: Mapping[Asked, Column], names: Sequence[tuple[str, str]]) -> Evaluated:
    """``frame`` with a column for each name, of what ``made`` has for the row's ``column_name``; tried once, as Spark would fail late."""
    from pyspark.sql import functions as F

    def attempt(columns: Mapping[Asked, Column]) -> DataFrame:
        told = frame
        for name, kind in names:
            value = F.lit(None).cast(kind)
            for (metric, column), each in columns.items():
                if metric.name == name:
                    value = F.when(F.lower("column_name") == column.lower(), each).otherwise(value)
            told = told.withColumn(name, value)
        # Only running it shows a division by zero.
        told.write.format("noop").mode("overwrite").save()
        return told

    found, problems = computed(made, attempt)
    if found is None:
        found = frame.select("*", *(F.lit(None).cast(kind).alias(name) for name, kind in names))
    return Evaluated(frame=found, problems=tuple(problems))
