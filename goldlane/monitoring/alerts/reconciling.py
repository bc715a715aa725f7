"""What became of the known alerts, given what the metric tables say now: the same metrics again change nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from goldlane.monitoring.alerts.alert import Alert, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One look at the metrics: when it is, whom to tell, and up to which window an earlier look went (None: this is the first)."""

    now: datetime
    sinks: tuple[str, ...]
    seen_until: datetime | None = None


def changed_alerts(known: Sequence[Alert], found: Sequence[Alert], occasion: Occasion) -> Iterator[Alert]:
    """Alerts that are new, or differ from what is known of them; ``untold`` of each whose status is news are all sinks.

    ``found`` are the alerts that the metrics show, of any time. What began and ended in windows that were looked at before, or before
    there was a first look, is history: it is entered, and nobody is told.
    """
    by_id = {alert.id: alert for alert in known}
    continued: set[str] = set()
    for alert in (alert for alert in known if alert.is_open):
        successor = _successor(alert, found)
        continued |= {successor.id} if successor is not None else set()
        yield from _carried_on(alert, successor, occasion)
    for alert in found:
        before = by_id.get(alert.id)
        is_known = alert.id in continued or (before is not None and (before.is_open or not alert.is_open))
        if not is_known and (alert.is_open or not _is_covered(alert, known)):
            yield replace(alert, untold=() if _is_history(alert, occasion) else occasion.sinks)


def _successor(alert: Alert, found: Sequence[Alert]) -> Alert | None:
    """What the metrics say now of an open alert: the stretch that shares a window with it, else the one that is open now."""
    here = [other for other in found if other.place == alert.place]
    same = [other for other in here if _overlap(alert, other)] or [other for other in here if other.is_open]
    return same[-1] if same else None


def _carried_on(alert: Alert, successor: Alert | None, occasion: Occasion) -> Iterator[Alert]:
    if successor is None:
        now, told = occasion.now, f"{alert.message}; no longer so"
        yield replace(alert, status=Status.RESOLVED, resolved_at=now, updated_at=now, message=told, untold=occasion.sinks)
        return
    kept = {"id": alert.id, "opened_window": alert.opened_window, "opened_at": alert.opened_at, "updated_at": alert.updated_at}
    after = replace(successor, **kept, untold=alert.untold, failure=alert.failure)  # type: ignore[arg-type]  # each of its field's type
    if not after.is_open:
        after = replace(after, untold=occasion.sinks)
    if after != alert:
        yield replace(after, updated_at=occasion.now)


def _is_history(alert: Alert, occasion: Occasion) -> bool:
    if alert.is_open:
        return False
    return occasion.seen_until is None or alert.newest_window.start <= occasion.seen_until


def _is_covered(alert: Alert, known: Sequence[Alert]) -> bool:
    return any(other.place == alert.place and _overlap(alert, other) for other in known)


def _overlap(one: Alert, other: Alert) -> bool:
    return one.opened_window.start <= other.newest_window.start and other.opened_window.start <= one.newest_window.start
