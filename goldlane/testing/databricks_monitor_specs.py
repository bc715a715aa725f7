"""What monitors of the platform consist of, in both of their APIs, and what of it the stub workspace refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from goldlane.testing.databricks_routes import RefusedError, held_to

_STEPS = ("5 minutes", "30 minutes", "1 hour", "1 day", "1 week", "2 weeks", "3 weeks", "4 weeks", "1 month", "1 year")
_QUARTZ_FIELDS = (6, 7)
_MOST_EMAILS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """The words of one of the two APIs: fields of a column are ``<role>_<column>``, and enums have a prefix."""

    column: str
    problem: str
    metric: str
    notifications: str
    paused: str
    step: Callable[[str], str]


# Of ``/api/data-quality/v1``.
PROFILING = Spec(
    column="column",
    problem="INFERENCE_PROBLEM_TYPE_",
    metric="DATA_PROFILING_CUSTOM_METRIC_TYPE_",
    notifications="notification_settings",
    paused="CRON_SCHEDULE_PAUSE_STATUS_",
    step=lambda step: f"AGGREGATION_GRANULARITY_{step.replace(' ', '_').upper()}",
)
# Of ``/api/2.1/unity-catalog/tables/.../monitor``.
QUALITY = Spec(
    column="col", problem="PROBLEM_TYPE_", metric="CUSTOM_METRIC_TYPE_", notifications="notifications", paused="", step=lambda step: step
)


def checked(body: Mapping[str, Any], spec: Spec, required: Mapping[str, type], own: Mapping[str, type]) -> None:
    """Refuses a monitor that the platform would refuse; ``own`` are the optional fields that only this API has."""
    optional = {
        "assets_dir": str,
        "baseline_table_name": str,
        "custom_metrics": list,
        "inference_log": dict,
        "schedule": dict,
        "skip_builtin_dashboard": bool,
        "slicing_exprs": list,
        "snapshot": dict,
        "time_series": dict,
        "warehouse_id": str,
        spec.notifications: dict,
    }
    held_to(body, required, "monitor", {**optional, **own})
    wrong = [*_profile(body, spec), *_metrics(body.get("custom_metrics", ()), spec), *_schedule(body.get("schedule"), spec)]
    emails = body.get(spec.notifications, {}).get("on_failure", {}).get("email_addresses", [])
    wrong += [f"more than {_MOST_EMAILS} email addresses"] if len(emails) > _MOST_EMAILS else []
    if wrong:
        raise RefusedError(400, "INVALID_PARAMETER_VALUE", "; ".join(wrong))


def _profile(body: Mapping[str, Any], spec: Spec) -> Iterator[str]:
    kinds = [kind for kind in ("snapshot", "time_series", "inference_log") if kind in body]
    if len(kinds) != 1:
        yield f"exactly one of snapshot, time_series and inference_log, not {kinds}"
        return
    told, wide = body[kinds[0]], {"timestamp", "prediction", "model_id"}
    roles = {"snapshot": set[str](), "time_series": {"timestamp"}, "inference_log": wide}[kinds[0]]
    fields: dict[str, type] = {f"{role}_{spec.column}": str for role in roles}
    fields |= {"granularities": list} if roles else {}
    fields |= {"problem_type": str} if roles is wide else {}
    label = {f"label_{spec.column}": str} if roles is wide else {}
    proba = {"prediction_proba_col": str} if roles is wide and spec is QUALITY else {}
    held_to(told, fields, kinds[0], {**label, **proba})
    known = {spec.step(step) for step in _STEPS}
    yield from (f"no granularity {step!r}" for step in told.get("granularities", ()) if step not in known)
    if roles is wide and told["problem_type"] not in (f"{spec.problem}CLASSIFICATION", f"{spec.problem}REGRESSION"):
        yield f"no problem type {told['problem_type']!r}"


def _metrics(metrics: Iterable[Mapping[str, Any]], spec: Spec) -> Iterator[str]:
    for metric in metrics:
        held_to(metric, {"name": str, "definition": str, "input_columns": list, "output_data_type": str, "type": str}, "custom metric")
        if metric["type"] not in {f"{spec.metric}{kind}" for kind in ("AGGREGATE", "DERIVED", "DRIFT")}:
            yield f"no custom metric type {metric['type']!r}"
        if not _is_struct_field(metric["output_data_type"]):
            yield f"{metric['name']}: output_data_type is no StructField in JSON"


def _is_struct_field(text: str) -> bool:
    try:
        field = json.loads(text)
    except ValueError:
        return False
    return isinstance(field, dict) and field.keys() >= {"name", "type", "nullable"}


def _schedule(schedule: Mapping[str, Any] | None, spec: Spec) -> Iterator[str]:
    if schedule is None:
        return
    held_to(schedule, {"quartz_cron_expression": str, "timezone_id": str}, "schedule", {"pause_status": str})
    if len(schedule["quartz_cron_expression"].split()) not in _QUARTZ_FIELDS:
        yield f"{schedule['quartz_cron_expression']!r} is no Quartz expression"
    if schedule.get("pause_status", f"{spec.paused}PAUSED") not in (f"{spec.paused}PAUSED", f"{spec.paused}UNPAUSED"):
        yield f"no pause status {schedule['pause_status']!r}"
