"""Custom metrics and granularities in the platform's words; what its two APIs share."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from goldlane.monitoring.custom_metrics import CustomMetric, MetricKind
from goldlane.monitoring.monitors import Monitor

# What Spark's JSON calls a type, where that differs from its DDL.
_JSON_TYPES = {"tinyint": "byte", "smallint": "short", "int": "integer", "bigint": "long"}
_ATOMIC = {"double", "float", "string", "boolean", "date", "timestamp", "binary", *_JSON_TYPES}
_STEPS = ("5 minutes", "30 minutes", "1 hour", "1 day", "1 week", "2 weeks", "3 weeks", "4 weeks", "1 month", "1 year")


def untranslatable(monitor: Monitor) -> Iterator[str]:
    """Everything about the monitor that the platform has no word for."""
    for step in monitor.granularities:
        if step not in _STEPS:
            yield f"the platform has no granularity {step!r}; it has {', '.join(_STEPS)}"
    for metric in monitor.custom_metrics:
        if not _is_atomic(metric.output_type):
            yield f"custom metric {metric.name!r}: its output_type {metric.output_type!r} is none of {', '.join(sorted(_ATOMIC))}, decimal"


def output_data_type(metric: CustomMetric) -> str:
    """The type as the platform takes it: a ``StructField`` named ``output``, in JSON."""
    kind = metric.output_type.strip().lower()
    return json.dumps({"name": "output", "type": _JSON_TYPES.get(kind, kind), "nullable": True, "metadata": {}})


def custom_metric(kind: str, name: str, definition: str, input_columns: Iterable[str], output: str) -> CustomMetric:
    """What ``output_data_type`` and the platform's enum (its last word) say as a metric of ours."""
    return CustomMetric(
        kind=MetricKind(kind.rsplit("_", 1)[-1].lower()),
        name=name,
        definition=definition,
        input_columns=tuple(input_columns),
        output_type=_ddl(output),
    )


def _ddl(output: str) -> str:
    """The DDL of a StructField in JSON; a bare type, which people write and the platform keeps, stays as it is."""
    try:
        field = json.loads(output)
    except ValueError:
        return output
    kind = field.get("type") if isinstance(field, dict) else field
    ours = {json_type: ddl for ddl, json_type in _JSON_TYPES.items()}
    return ours.get(kind, kind) if isinstance(kind, str) else json.dumps(kind)


def _is_atomic(kind: str) -> bool:
    plain = kind.strip().lower()
    return plain in _ATOMIC or plain.partition("(")[0].strip() == "decimal"
