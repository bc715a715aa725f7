"""Alerts: rules over the two metric tables, by the size of a change; opened, updated, resolved, and told to sinks."""

from __future__ import annotations

from goldlane.monitoring.alerts.alert import Alert, Status
from goldlane.monitoring.alerts.evaluation import Evaluated, evaluate_alerts, shown_alerts
from goldlane.monitoring.alerts.ledger import AlertLedger
from goldlane.monitoring.alerts.measures import Measure
from goldlane.monitoring.alerts.metricrows import MetricRows
from goldlane.monitoring.alerts.rules import AlertRule, Severity
from goldlane.monitoring.alerts.sinks import DeltaSink, Email, LogSink, Notice, Sink, SinkError, Webhook
from goldlane.monitoring.alerts.telling import SinkFailure

__all__ = [
    "Alert",
    "AlertLedger",
    "AlertRule",
    "DeltaSink",
    "Email",
    "Evaluated",
    "LogSink",
    "Measure",
    "MetricRows",
    "Notice",
    "Severity",
    "Sink",
    "SinkError",
    "SinkFailure",
    "Status",
    "Webhook",
    "evaluate_alerts",
    "shown_alerts",
]
