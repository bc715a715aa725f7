"""Custom metrics as Spark columns, and what of them can be computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from goldlane.errors import first_line
from goldlane.monitoring.custom.templates import UnusableMetricError, rendered
from goldlane.monitoring.survivors import survivors

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import StructField

    from goldlane.monitoring.custom_metrics import CustomMetric
    from goldlane.monitoring.profiles import Profile

Done = TypeVar("Done")
# A metric, and the column that it is computed for.
Asked = tuple["CustomMetric", str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """``frame`` with a column for each metric, those that failed NULL; ``problems`` name each of them, in sentences."""

    frame: DataFrame
    problems: tuple[str, ...] = ()


def expressions(asked: Iterable[Asked], profile: Profile) -> tuple[dict[Asked, Column], list[str]]:
    """The SQL of each metric and column as a Spark column of its declared type, and why others have none."""
    from pyspark.sql import functions as F

    made, problems = {}, []
    for metric, column in asked:
        try:
            made[metric, column] = F.expr(rendered(metric, column, profile)).cast(metric.output_type)
        except UnusableMetricError as unusable:
            problems.append(str(unusable))
        except Exception as error:  # noqa: BLE001  Spark's parser has many classes; the next metric must come out all the same
            problems.append(_told(metric, column, error))
    return made, problems


def computed(made: Mapping[Asked, Column], attempt: Callable[[Mapping[Asked, Column]], Done]) -> tuple[Done | None, list[str]]:
    """What ``attempt`` makes of the columns that do not fail, and why the others do, in sentences; None of none."""
    done, failed = survivors(made, attempt)
    return done, [_told(*asked, error) for asked, error in failed.items()]


def typed(metrics: Sequence[CustomMetric], kind: str) -> tuple[list[CustomMetric], list[str]]:
    """The metrics of a kind whose types Spark knows, in the order in which they are declared, and why there are no others."""
    known, problems = [], []
    for metric in metrics:
        if metric.kind != kind:
            continue
        try:
            type_of(metric)
        except Exception as error:  # noqa: BLE001  Spark's parser has many classes
            problems.append(f"custom metric {metric.name!r} has no output_type that Spark knows: {first_line(error)}")
        else:
            known.append(metric)
    return known, problems


def type_of(metric: CustomMetric) -> StructField:
    """The metric's column."""
    from pyspark.sql.types import StructType

    parsed: Any = StructType.fromDDL(f"`{metric.name}` {metric.output_type}")
    field: StructField = parsed[metric.name]
    return field


def _told(metric: CustomMetric, column: str, error: Exception) -> str:
    place = "" if column.startswith(":") else f" for column {column!r}"
    return f"custom metric {metric.name!r}{place}: {first_line(error)}"
