"""How long ago the newest window ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from goldlane.monitoring.alerts.metricrows import MetricRows, window_of
from goldlane.monitoring.alerts.observations import Observation, is_asked
from goldlane.monitoring.alerts.rules import AlertRule

_STALE_WINDOWS = 2


def freshness_observations(rule: AlertRule, rows: MetricRows, now: datetime) -> Iterator[Observation]:
    """One per slice and model: the newest window. The limit is twice its width unless the rule says otherwise."""
    for subject, series in rows.series.items():
        window = window_of(series[-1])
        limit = _STALE_WINDOWS * window.width.total_seconds() if rule.above is None else rule.above
        if not limit or not is_asked(rule, subject, rows):
            continue
        age = (now - window.end).total_seconds()
        newest = f"the newest window ended at {window.end:%Y-%m-%d %H:%M} UTC"
        yield Observation(subject=subject, window=window, value=age, limit=limit, is_bad=age > limit, detail=newest)
