"""Monitors as data: which table is watched, how it is cut into windows and slices, and what is computed beside the usual."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from goldlane.monitoring.alerts.checks import alert_mistakes
from goldlane.monitoring.alerts.rules import AlertRule
from goldlane.monitoring.alerts.sinks import Sink
from goldlane.monitoring.custom_metrics import CustomMetric
from goldlane.monitoring.errors import MonitorDeclarationError
from goldlane.monitoring.profiles import InferenceLog, Profile, Snapshot, TimeSeries
from goldlane.monitoring.schedules import Notifications, Schedule
from goldlane.monitoring.slicing import slicing_mistakes
from goldlane.pipelines.names import Namespace, TableName, name_parts

_PROFILES = (Snapshot, TimeSeries, InferenceLog)


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """A watch over one table: its profile and its drift are written beside it, in the platform's format.

    ``slicing`` are SQL expressions over a row; each value of each one is profiled apart, beside the whole. ``baseline`` is a table
    with the same columns that drift is measured against. ``schedule`` and ``notifications`` are the platform's and are handed to it.
    ``alerts`` are rules over the metric tables, and ``sinks`` are told when one of them opens or resolves an alert.

    Raises:
        MonitorDeclarationError: all mistakes at once.
    """

    table: str
    profile: Profile
    slicing: tuple[str, ...] = ()
    custom_metrics: tuple[CustomMetric, ...] = ()
    baseline: str | None = None
    schedule: Schedule | None = None
    notifications: Notifications | None = None
    alerts: tuple[AlertRule, ...] = ()
    sinks: tuple[Sink, ...] = ()

    def __post_init__(self) -> None:
        for several in ("slicing", "custom_metrics", "alerts", "sinks"):
            object.__setattr__(self, several, _several(getattr(self, several)))
        mistakes = list(_mistakes(self))
        if mistakes:
            raise MonitorDeclarationError(f"monitor of {self.table!r}", mistakes)

    @property
    def granularities(self) -> tuple[str, ...]:
        """The windows' widths; none for a snapshot."""
        return () if isinstance(self.profile, Snapshot) else self.profile.granularities

    @property
    def profile_table(self) -> str:
        """Where the profile is written: beside the watched table."""
        return f"{self.table}_profile_metrics"

    @property
    def drift_table(self) -> str:
        """Where drift is written: beside the watched table."""
        return f"{self.table}_drift_metrics"

    @property
    def fingerprint(self) -> str:
        """Sixteen hex digits that change when the metrics would; ``monitor_version`` counts its changes."""
        counted = {
            "profile": [type(self.profile).__name__, asdict(self.profile)],
            "slicing": self.slicing,
            "custom_metrics": [asdict(metric) for metric in self.custom_metrics],
            "baseline": self.baseline,
        }
        return hashlib.sha256(json.dumps(counted, sort_keys=True).encode()).hexdigest()[:16]


def _mistakes(monitor: Monitor) -> Iterator[str]:
    yield from table_mistakes("table", monitor.table)
    if monitor.baseline is not None:
        yield from table_mistakes("baseline", monitor.baseline)
        if monitor.baseline == monitor.table:
            yield "the baseline is the watched table itself; it never drifts from that"
    if not isinstance(monitor.profile, _PROFILES):
        yield f"profile must be a Snapshot, a TimeSeries or an InferenceLog, not {monitor.profile!r}"
    yield from slicing_mistakes(monitor.slicing)
    yield from _metric_mistakes(monitor)
    yield from _platform_mistakes(monitor)
    yield from alert_mistakes(monitor.alerts, monitor.sinks)
    if isinstance(monitor.profile, _PROFILES):
        yield from _granularity_mistakes(monitor)


def _granularity_mistakes(monitor: Monitor) -> Iterator[str]:
    """Rules that would look at no window, and stay silent."""
    for rule in (rule for rule in monitor.alerts if isinstance(rule, AlertRule)):
        unknown = [name for name in rule.granularities if name not in monitor.granularities]
        has = f"has windows of {', '.join(monitor.granularities)}" if monitor.granularities else "is a snapshot and has none"
        yield from (f"alert rule {rule.name!r} is about windows of {name!r}; the monitor {has}" for name in unknown)


def table_mistakes(what: str, name: object) -> Iterator[str]:
    """Why ``name`` can name no table."""
    if not isinstance(name, str) or not name:
        yield f"{what} must be a table's name, not {name!r}"
        return
    try:
        name_parts(name)
    except ValueError as wrong:
        yield f"{what}: {wrong}"


def watched_name(monitor: Monitor) -> TableName:
    """The watched table's name, its schema said."""
    return Namespace().qualify(monitor.table)


def _metric_mistakes(monitor: Monitor) -> Iterator[str]:
    names: set[str] = set()
    model_id = monitor.profile.model_id if isinstance(monitor.profile, InferenceLog) else "model_id"
    for metric in monitor.custom_metrics:
        if not isinstance(metric, CustomMetric):
            yield f"{metric!r} is no CustomMetric"
        elif metric.name.lower() in ("model_id", model_id.lower()):
            yield f"custom metric {metric.name!r} is named as the models' column is; choose another name"
        elif metric.name.lower() in names:
            yield f"two custom metrics are named {metric.name!r}"
        else:
            names.add(metric.name.lower())


def _platform_mistakes(monitor: Monitor) -> Iterator[str]:
    if monitor.schedule is not None and not isinstance(monitor.schedule, Schedule):
        yield f"schedule must be a Schedule, not {monitor.schedule!r}"
    if monitor.notifications is not None and not isinstance(monitor.notifications, Notifications):
        yield f"notifications must be Notifications, not {monitor.notifications!r}"


def _several(value: object) -> tuple[Any, ...]:
    """One, or several of them; what is neither is left for the checks to name."""
    return tuple(value) if isinstance(value, (list, tuple)) else () if value is None else (value,)
