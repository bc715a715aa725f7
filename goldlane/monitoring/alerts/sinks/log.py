"""The log of the process: one record per alert, for whatever collects logs."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from goldlane.monitoring.alerts.alert import Alert
from goldlane.monitoring.alerts.sinks.sink import Notice

_LOG = logging.getLogger("goldlane.monitoring")
_LEVELS = {"critical": logging.CRITICAL, "warning": logging.WARNING}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSink:
    """The logger ``goldlane.monitoring``: an open alert at its severity, a resolved one at INFO."""

    name: str = "log"

    def tell(self, notice: Notice) -> None:
        """Log each alert; it cannot fail."""
        for alert in notice.alerts:
            _LOG.log(_level(alert), "%s: %s %s: %s", notice.table, alert.status, alert.rule, alert.message, extra={"alert_id": alert.id})


def _level(alert: Alert) -> int:
    return _LEVELS[str(alert.severity)] if alert.is_open else logging.INFO
