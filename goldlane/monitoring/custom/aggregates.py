"""Aggregate metrics: SQL aggregates over the rows of the watched table, group by group, in one more aggregation of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goldlane.monitoring.custom.evaluation import Asked, computed, expressions, type_of, typed

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, Row
    from pyspark.sql.types import StructType

    from goldlane.monitoring.custom_metrics import CustomMetric
    from goldlane.monitoring.monitors import Monitor


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregated:
    """``rows`` have the columns they were grouped by, ``column_name``, and a column for each aggregate metric; None without metrics.

    ``problems`` name each metric that could not be computed, in sentences; its column is NULL.
    """

    rows: DataFrame | None
    problems: tuple[str, ...] = ()


def aggregate_metrics(frame: DataFrame, monitor: Monitor, by: Sequence[str]) -> Aggregated:
    """The monitor's aggregate metrics in each group of ``by``: one row for each group and input column."""
    metrics, untyped = typed(monitor.custom_metrics, "aggregate")
    if not metrics:
        return Aggregated(rows=None, problems=tuple(untyped))
    made, problems = expressions(((metric, column) for metric in metrics for column in metric.input_columns), monitor.profile)
    keys = list(made)

    def attempt(columns: Mapping[Asked, Column]) -> list[Row]:
        named = [column.alias(f"m{keys.index(key)}") for key, column in columns.items()]
        return frame.groupBy(*by).agg(*named).collect()

    counted, wrong = computed(made, attempt)
    rows = _rows(counted or [], keys, [metric.name for metric in metrics], by)
    told = frame.sparkSession.createDataFrame(rows, _schema(frame, metrics, by))
    return Aggregated(rows=told, problems=(*untyped, *problems, *wrong))


def _rows(counted: Sequence[Row], keys: Sequence[Asked], names: Sequence[str], by: Sequence[str]) -> list[tuple[object, ...]]:
    """One row for each group and input column: the metrics of other columns are NULL there."""
    columns = list(dict.fromkeys(column for _, column in keys))
    told = []
    for row in counted:
        values = row.asDict()
        found = {(metric.name, column): values.get(f"m{place}") for place, (metric, column) in enumerate(keys)}
        told += [(*(row[name] for name in by), column, *(found.get((name, column)) for name in names)) for column in columns]
    return told


def _schema(frame: DataFrame, metrics: Sequence[CustomMetric], by: Sequence[str]) -> StructType:
    from pyspark.sql.types import StringType, StructField, StructType

    own = [type_of(metric) for metric in metrics]
    return StructType([*(frame.schema[name] for name in by), StructField("column_name", StringType()), *own])
