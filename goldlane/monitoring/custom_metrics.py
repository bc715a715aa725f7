"""Metrics of one's own, declared as the platform declares them: Jinja templates of SQL over the columns they are computed for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from goldlane.monitoring.errors import MonitorDeclarationError
from goldlane.monitoring.schemas import RESERVED_NAMES

_NAME = re.compile(r"[A-Za-z_]\w*")


class MetricKind(str, Enum):
    """What a metric is computed from: rows, aggregate metrics of the same window, or the metrics of two windows."""

    AGGREGATE = "aggregate"
    DERIVED = "derived"
    DRIFT = "drift"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomMetric:
    """One more column of the metric tables. ``definition`` is a Jinja template of one SQL expression.

    ``input_columns`` are the columns it is computed for, each on its own (``{{input_column}}``); ``":table"`` alone means once for
    the whole row. ``output_type`` is a Spark type as DDL text.

    Raises:
        MonitorDeclarationError: all mistakes at once.
    """

    kind: MetricKind
    name: str
    input_columns: tuple[str, ...]
    definition: str
    output_type: str = "double"

    def __post_init__(self) -> None:
        columns = (self.input_columns,) if isinstance(self.input_columns, str) else tuple(self.input_columns or ())
        object.__setattr__(self, "input_columns", columns)
        mistakes = list(_mistakes(self))
        if mistakes:
            raise MonitorDeclarationError(f"custom metric {self.name!r}", mistakes)
        object.__setattr__(self, "kind", MetricKind(self.kind))


def _mistakes(metric: CustomMetric) -> Iterator[str]:
    if metric.kind not in set(MetricKind):
        yield f"unknown kind {metric.kind!r}; it is one of {', '.join(MetricKind)}"
    if not isinstance(metric.name, str) or not _NAME.fullmatch(metric.name):
        yield "the name must be a column name (letters, digits, _)"
    elif metric.name.lower() in RESERVED_NAMES:
        yield f"the metric tables have a column {metric.name!r} already; choose another name"
    if not metric.input_columns:
        yield "input_columns are missing; name at least one column, or ':table'"
    for name in metric.input_columns:
        if not isinstance(name, str) or not name:
            yield f"{name!r} is no column name"
    for field in ("definition", "output_type"):
        text = getattr(metric, field)
        if not isinstance(text, str) or not text.strip():
            yield f"the {field} is empty"
