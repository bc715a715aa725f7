"""Sinks are told what is news to them, each on its own: one that fails keeps no other from being told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from goldlane.monitoring.alerts.alert import Alert
from goldlane.monitoring.alerts.sinks.sink import Notice, Sink, SinkError

if TYPE_CHECKING:
    from goldlane.monitoring.monitors import Monitor


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkFailure:
    """A sink that could not be told, and of how many alerts."""

    sink: str
    message: str
    alerts: int


def told(alerts: Sequence[Alert], monitor: Monitor, now: datetime) -> tuple[list[Alert], list[SinkFailure]]:
    """The alerts, each with the sinks that still do not know of it; and which sinks failed."""
    failures: list[SinkFailure] = []
    after = {alert.id: _without_strangers(alert, monitor) for alert in alerts}
    for sink in monitor.sinks:
        news = tuple(alert for alert in after.values() if sink.name in alert.untold)
        if not news:
            continue
        failed = _failure(sink, Notice(table=monitor.table, alerts=news, at=now))
        failures += [SinkFailure(sink=sink.name, message=failed, alerts=len(news))] if failed else []
        for alert in news:
            after[alert.id] = replace(alert, failure=failed) if failed else _heard(alert, sink.name)
    return [after[alert.id] for alert in alerts], failures


def _failure(sink: Sink, notice: Notice) -> str | None:
    try:
        sink.tell(notice)
    except SinkError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  a sink of the project's own may raise anything; its text may hold a secret
        return f"sink {sink.name!r}: {type(error).__name__}"
    return None


def _heard(alert: Alert, sink: str) -> Alert:
    untold = tuple(name for name in alert.untold if name != sink)
    return replace(alert, untold=untold, failure=alert.failure if untold else None)


def _without_strangers(alert: Alert, monitor: Monitor) -> Alert:
    """Without sinks that the monitor no longer has."""
    names = {sink.name for sink in monitor.sinks}
    return replace(alert, untold=tuple(name for name in alert.untold if name in names))
