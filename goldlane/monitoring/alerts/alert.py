"""An alert: one stretch of bad windows of one rule and subject, from its opening to its end."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from goldlane.monitoring.alerts.episodes import Episode
from goldlane.monitoring.alerts.measures import MEANINGS, Measure
from goldlane.monitoring.alerts.metricrows import Subject, Window
from goldlane.monitoring.alerts.observations import Observation


class Status(str, Enum):
    """Whether an alert lasts."""

    OPEN = "OPEN"
    RESOLVED = "RESOLVED"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The row of the table of alerts. ``untold`` are the sinks that have not been told of its present status yet.

    ``value`` is that of its newest bad window, ``worst`` the worst of its ``windows`` bad ones.
    """

    id: str
    table: str
    rule: str
    measure: str
    severity: str
    status: Status
    subject: Subject
    opened_window: Window
    newest_window: Window
    resolved_window: Window | None
    windows: int
    value: float
    worst: float
    limit: float
    message: str
    opened_at: datetime
    updated_at: datetime
    resolved_at: datetime | None = None
    untold: tuple[str, ...] = ()
    failure: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it lasts."""
        return self.status is Status.OPEN

    @property
    def place(self) -> tuple[str, Subject]:
        """Its rule and subject, of which at most one alert is open."""
        return (self.rule, self.subject)

    def document(self) -> dict[str, Any]:
        """What ``--json`` prints of it."""
        return {
            "id": self.id,
            "table": self.table,
            "alert": self.rule,
            "measure": self.measure,
            "severity": str(self.severity),
            "status": str(self.status),
            "column": self.subject.column,
            "granularity": self.subject.granularity,
            "slice": _slice(self.subject),
            "model_id": self.subject.model_id,
            "against": self.subject.against,
            "window": _span(self.newest_window),
            "opened_window": _span(self.opened_window),
            "resolved_window": _span(self.resolved_window),
            "windows": self.windows,
            "value": self.value,
            "worst": self.worst,
            "limit": self.limit,
            "message": self.message,
            "opened_at": self.opened_at,
            "resolved_at": self.resolved_at,
            "untold": list(self.untold),
        }


def alert_of(table: str, episode: Episode, now: datetime) -> Alert:
    """The alert that an episode is, as of ``now``; nobody is to be told of it yet."""
    is_over = episode.resolved is not None
    return Alert(
        id=_identity(table, episode),
        table=table,
        rule=episode.rule.name,
        measure=str(episode.rule.measure),
        severity=str(episode.rule.severity),
        status=Status.RESOLVED if is_over else Status.OPEN,
        subject=episode.subject,
        opened_window=episode.opened.window,
        newest_window=episode.newest.window,
        resolved_window=None if episode.resolved is None else episode.resolved.window,
        windows=episode.windows,
        value=episode.newest.value,
        worst=episode.worst.value,
        limit=episode.newest.limit,
        message=_message(episode),
        opened_at=now,
        updated_at=now,
        resolved_at=now if is_over else None,
    )


def _identity(table: str, episode: Episode) -> str:
    """Sixteen hex digits, the same whenever the same episode is found."""
    told = "|".join(map(repr, (table, episode.rule.name, episode.subject, episode.opened.window.start.isoformat())))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _message(episode: Episode) -> str:
    newest, measure = episode.newest, episode.rule.measure
    if measure is Measure.CUSTOM:
        return f"{episode.subject.place}: {newest.detail}"
    told = f"{episode.subject.place}: {MEANINGS[measure]} is {_number(newest.value)}, {_limit(episode, newest)}"
    return f"{told}; {newest.detail}" if newest.detail else told


def _limit(episode: Episode, newest: Observation) -> str:
    is_low = episode.rule.measure is Measure.VOLUME and newest.value < newest.limit
    return f"{'at least' if is_low else 'at most'} {_number(newest.limit)} expected"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or value == round(value) else f"{value:.3g}"  # noqa: PLR2004  four digits


def _span(window: Window | None) -> Mapping[str, datetime] | None:
    return None if window is None else {"start": window.start, "end": window.end}


def _slice(subject: Subject) -> Mapping[str, str | None] | None:
    return None if subject.slice_key is None else {"key": subject.slice_key, "value": subject.slice_value}
