"""What a sink is: somewhere a person, or another program, is told of alerts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from goldlane.monitoring.alerts.alert import Alert
from goldlane.monitoring.errors import MonitoringError

_SHOWN = 20


class SinkError(MonitoringError):
    """A sink could not be told. Its text never holds an address's secret part, a user or a password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The alerts of one watched table whose status is news, told in one message."""

    table: str
    alerts: tuple[Alert, ...]
    at: datetime

    @property
    def opened(self) -> tuple[Alert, ...]:
        """Those that are open; the critical ones first."""
        return tuple(sorted((alert for alert in self.alerts if alert.is_open), key=lambda alert: str(alert.severity)))

    @property
    def resolved(self) -> tuple[Alert, ...]:
        """Those that are over."""
        return tuple(alert for alert in self.alerts if not alert.is_open)

    @property
    def title(self) -> str:
        """One line: the table, and how many alerts."""
        counts = [(len(self.opened), "open"), (len(self.resolved), "resolved")]
        return f"{self.table}: " + ", ".join(f"{count} {'alert' if count == 1 else 'alerts'} {word}" for count, word in counts if count)

    @property
    def lines(self) -> tuple[str, ...]:
        """One line per alert, at most twenty and how many more there are."""
        told = [f"{str(alert.severity).upper()} {alert.rule}: {alert.message} (since {_window(alert)})" for alert in self.opened]
        told += [f"RESOLVED {alert.rule}: {alert.message} (since {_window(alert)})" for alert in self.resolved]
        rest = len(told) - _SHOWN
        return (*told[:_SHOWN], *([f"and {rest} more: goldlane monitor {self.table} --json"] if rest > 0 else []))


@runtime_checkable
class Sink(Protocol):
    """Tells somebody. ``name`` is what it is known by in the table of alerts, and is unlike that of any other sink of the monitor."""

    @property
    def name(self) -> str:
        """Its name."""

    def tell(self, notice: Notice) -> None:
        """Tell it.

        Raises:
            SinkError: it could not be told; it is tried again at the next refresh.
        """


def _window(alert: Alert) -> str:
    return f"{alert.opened_window.start:%Y-%m-%d %H:%M} UTC"
