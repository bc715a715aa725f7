"""A monitor as the platform's data profiling has it (``w.data_quality``), and back; ids and full names come from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from goldlane.monitoring.databricks_metrics import custom_metric, output_data_type
from goldlane.monitoring.monitors import Monitor
from goldlane.monitoring.profiles import InferenceLog, ProblemType, Profile, Snapshot, TimeSeries
from goldlane.monitoring.schedules import Notifications, Schedule

if TYPE_CHECKING:
    from databricks.sdk.service import dataquality

_STEP = "AGGREGATION_GRANULARITY_"
_PROBLEM = "INFERENCE_PROBLEM_TYPE_"
_KIND = "DATA_PROFILING_CUSTOM_METRIC_TYPE_"
PROFILES = ("snapshot", "time_series", "inference_log")
# What of a monitor can be changed once it is there.
UPDATABLE = (
    "baseline_table_name",
    "custom_metrics",
    *PROFILES,
    "notification_settings",
    "output_schema_id",
    "schedule",
    "slicing_exprs",
)


def profiling_config(monitor: Monitor, *, schema_id: str, baseline: str | None, assets_dir: str | None) -> dataquality.DataProfilingConfig:
    """What data profiling is told; ``baseline`` is the full name of the monitor's baseline table."""
    from databricks.sdk.service import dataquality as api

    return api.DataProfilingConfig(
        output_schema_id=schema_id,
        assets_dir=assets_dir,
        baseline_table_name=baseline,
        slicing_exprs=list(monitor.slicing) or None,
        custom_metrics=[_metric(metric) for metric in monitor.custom_metrics] or None,
        schedule=_schedule(monitor.schedule),
        notification_settings=_notifications(monitor.notifications),
        **_profile(monitor.profile),
    )


def profiled_monitor(config: dataquality.DataProfilingConfig, *, table: str, baseline: str | None) -> Monitor:
    """The monitor that data profiling has, under the names that the caller gives the tables."""
    return Monitor(
        table=table,
        profile=_our_profile(config),
        slicing=tuple(config.slicing_exprs or ()),
        custom_metrics=tuple(
            custom_metric(metric.type.value, metric.name, metric.definition, metric.input_columns, metric.output_data_type)
            for metric in config.custom_metrics or ()
        ),
        baseline=baseline,
        schedule=_our_schedule(config.schedule),
        notifications=_our_notifications(config.notification_settings),
    )


def _profile(profile: Profile) -> dict[str, Any]:
    from databricks.sdk.service import dataquality as api

    if isinstance(profile, Snapshot):
        return {"snapshot": api.SnapshotConfig()}
    steps = [api.AggregationGranularity(f"{_STEP}{step.replace(' ', '_').upper()}") for step in profile.granularities]
    if isinstance(profile, TimeSeries):
        return {"time_series": api.TimeSeriesConfig(timestamp_column=profile.timestamp, granularities=steps)}
    log = api.InferenceLogConfig(
        problem_type=api.InferenceProblemType(f"{_PROBLEM}{profile.problem_type.value.upper()}"),
        timestamp_column=profile.timestamp,
        granularities=steps,
        prediction_column=profile.prediction,
        model_id_column=profile.model_id,
        label_column=profile.label,
    )
    return {"inference_log": log}


def _our_profile(config: dataquality.DataProfilingConfig) -> Profile:
    if config.time_series is not None:
        return TimeSeries(timestamp=config.time_series.timestamp_column, granularities=_our_steps(config.time_series))
    log = config.inference_log
    if log is None:
        return Snapshot()
    return InferenceLog(
        problem_type=ProblemType(log.problem_type.value.removeprefix(_PROBLEM).lower()),
        timestamp=log.timestamp_column,
        granularities=_our_steps(log),
        prediction=log.prediction_column,
        model_id=log.model_id_column,
        label=log.label_column,
    )


def _our_steps(config: dataquality.TimeSeriesConfig | dataquality.InferenceLogConfig) -> tuple[str, ...]:
    return tuple(step.value.removeprefix(_STEP).replace("_", " ").lower() for step in config.granularities)


def _metric(metric: Any) -> dataquality.DataProfilingCustomMetric:
    from databricks.sdk.service import dataquality as api

    return api.DataProfilingCustomMetric(
        name=metric.name,
        definition=metric.definition,
        input_columns=list(metric.input_columns),
        output_data_type=output_data_type(metric),
        type=api.DataProfilingCustomMetricType(f"{_KIND}{metric.kind.value.upper()}"),
    )


def _schedule(schedule: Schedule | None) -> dataquality.CronSchedule | None:
    from databricks.sdk.service import dataquality as api

    return None if schedule is None else api.CronSchedule(quartz_cron_expression=schedule.cron, timezone_id=schedule.timezone)


def _our_schedule(schedule: dataquality.CronSchedule | None) -> Schedule | None:
    return None if schedule is None else Schedule(cron=schedule.quartz_cron_expression, timezone=schedule.timezone_id)


def _notifications(notifications: Notifications | None) -> dataquality.NotificationSettings | None:
    from databricks.sdk.service import dataquality as api

    if notifications is None or not notifications.on_failure:
        return None
    return api.NotificationSettings(on_failure=api.NotificationDestination(email_addresses=list(notifications.on_failure)))


def _our_notifications(settings: dataquality.NotificationSettings | None) -> Notifications | None:
    addresses = None if settings is None or settings.on_failure is None else settings.on_failure.email_addresses
    return Notifications(on_failure=tuple(addresses)) if addresses else None
