"""Where alerts are told: the log, a webhook, e-mail, a Delta table; anything with a name and ``tell``."""

from __future__ import annotations

from goldlane.monitoring.alerts.sinks.delta import DeltaSink
from goldlane.monitoring.alerts.sinks.email import Email
from goldlane.monitoring.alerts.sinks.log import LogSink
from goldlane.monitoring.alerts.sinks.sink import Notice, Sink, SinkError
from goldlane.monitoring.alerts.sinks.webhook import Webhook

__all__ = ["DeltaSink", "Email", "LogSink", "Notice", "Sink", "SinkError", "Webhook"]
