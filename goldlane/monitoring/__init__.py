"""Monitoring: profile and drift of any table, in the platform's own metric tables, computed on Spark in one pass."""

from __future__ import annotations

from goldlane.monitoring.alerts import AlertRule, DeltaSink, Email, LogSink, Measure, Severity, Webhook, evaluate_alerts
from goldlane.monitoring.custom_metrics import CustomMetric, MetricKind
from goldlane.monitoring.errors import MonitorDeclarationError, MonitoringError, WatchedTableError
from goldlane.monitoring.monitors import Monitor
from goldlane.monitoring.profiles import InferenceLog, ProblemType, Profile, Snapshot, TimeSeries
from goldlane.monitoring.schedules import Notifications, Schedule

__all__ = [
    "AlertRule",
    "CustomMetric",
    "DeltaSink",
    "Email",
    "InferenceLog",
    "LogSink",
    "Measure",
    "MetricKind",
    "Monitor",
    "MonitorDeclarationError",
    "MonitoringError",
    "Notifications",
    "ProblemType",
    "Profile",
    "Schedule",
    "Severity",
    "Snapshot",
    "TimeSeries",
    "WatchedTableError",
    "Webhook",
    "evaluate_alerts",
]
