"""A monitor as the platform's older API has it (``w.quality_monitors``), and back: arguments of the real SDK's calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from goldlane.monitoring.databricks_metrics import custom_metric, output_data_type
from goldlane.monitoring.monitors import Monitor
from goldlane.monitoring.profiles import InferenceLog, ProblemType, Profile, Snapshot, TimeSeries
from goldlane.monitoring.schedules import Notifications, Schedule

if TYPE_CHECKING:
    from databricks.sdk.service.catalog import MonitorInfo

_PROBLEM = "PROBLEM_TYPE_"


def quality_arguments(monitor: Monitor, *, output_schema: str, baseline: str | None) -> dict[str, Any]:
    """What both ``create`` and ``update`` are told beside the table; ``output_schema`` is ``catalog.schema``."""
    from databricks.sdk.service import catalog as api

    schedule, notifications = monitor.schedule, monitor.notifications
    told = {
        "output_schema_name": output_schema,
        "baseline_table_name": baseline,
        "slicing_exprs": list(monitor.slicing) or None,
        "custom_metrics": [_metric(metric) for metric in monitor.custom_metrics] or None,
        "schedule": schedule and api.MonitorCronSchedule(quartz_cron_expression=schedule.cron, timezone_id=schedule.timezone),
        "notifications": notifications
        and api.MonitorNotifications(on_failure=api.MonitorDestination(email_addresses=list(notifications.on_failure))),
        **_profile(monitor.profile),
    }
    return {name: value for name, value in told.items() if value is not None}


def quality_monitor(info: MonitorInfo, *, table: str, baseline: str | None) -> Monitor:
    """The monitor that the older API tells of, under the names that the caller gives the tables."""
    addresses = (
        None if info.notifications is None or info.notifications.on_failure is None else info.notifications.on_failure.email_addresses
    )
    schedule = info.schedule
    return Monitor(
        table=table,
        profile=_our_profile(info),
        slicing=tuple(info.slicing_exprs or ()),
        custom_metrics=tuple(
            custom_metric(metric.type.value, metric.name, metric.definition, metric.input_columns, metric.output_data_type)
            for metric in info.custom_metrics or ()
        ),
        baseline=baseline,
        schedule=None if schedule is None else Schedule(cron=schedule.quartz_cron_expression, timezone=schedule.timezone_id),
        notifications=Notifications(on_failure=tuple(addresses)) if addresses else None,
    )


def _profile(profile: Profile) -> dict[str, Any]:
    from databricks.sdk.service import catalog as api

    if isinstance(profile, Snapshot):
        return {"snapshot": api.MonitorSnapshot()}
    steps = list(profile.granularities)
    if isinstance(profile, TimeSeries):
        return {"time_series": api.MonitorTimeSeries(timestamp_col=profile.timestamp, granularities=steps)}
    log = api.MonitorInferenceLog(
        problem_type=api.MonitorInferenceLogProblemType(f"{_PROBLEM}{profile.problem_type.value.upper()}"),
        timestamp_col=profile.timestamp,
        granularities=steps,
        prediction_col=profile.prediction,
        model_id_col=profile.model_id,
        label_col=profile.label,
        prediction_proba_col=profile.prediction_proba,
    )
    return {"inference_log": log}


def _our_profile(info: MonitorInfo) -> Profile:
    if info.time_series is not None:
        return TimeSeries(timestamp=info.time_series.timestamp_col, granularities=tuple(info.time_series.granularities))
    log = info.inference_log
    if log is None:
        return Snapshot()
    return InferenceLog(
        problem_type=ProblemType(log.problem_type.value.removeprefix(_PROBLEM).lower()),
        timestamp=log.timestamp_col,
        granularities=tuple(log.granularities),
        prediction=log.prediction_col,
        model_id=log.model_id_col,
        label=log.label_col,
        prediction_proba=log.prediction_proba_col,
    )


def _metric(metric: Any) -> Any:
    from databricks.sdk.service import catalog as api

    return api.MonitorMetric(
        name=metric.name,
        definition=metric.definition,
        input_columns=list(metric.input_columns),
        output_data_type=output_data_type(metric),
        type=api.MonitorMetricType(f"CUSTOM_METRIC_TYPE_{metric.kind.value.upper()}"),
    )
