"""The share of NULLs in a window, whatever it was before."""

from __future__ import annotations

from collections.abc import Iterator

from goldlane.monitoring.alerts.metricrows import MetricRows, window_of
from goldlane.monitoring.alerts.noise import share_floor
from goldlane.monitoring.alerts.observations import Observation, is_asked
from goldlane.monitoring.alerts.rules import AlertRule
from goldlane.monitoring.columns import TABLE_ROW


def null_observations(rule: AlertRule, rows: MetricRows) -> Iterator[Observation]:
    """One per column and window; a share that is not above the limit by more than chance gives is good."""
    limit = rule.limit or 0.0
    for (subject, _), row in rows.profiles.items():
        if subject.column == TABLE_ROW or not is_asked(rule, subject, rows) or not rule.is_about_column(subject.column):
            continue
        number, share = (row.get("count") or 0) + (row.get("num_nulls") or 0), row.get("percent_null")
        if share is None or number < rule.min_rows:
            continue
        allowed = limit + 100 * share_floor(min(limit / 100, 1.0), number, rule.chance)
        # A column of nothing but NULLs is bad, even where few rows make chance as large as the rest of the way.
        is_bad = share > min(allowed, 100 - 1e-9) and share > limit
        yield Observation(subject=subject, window=window_of(row), value=share, limit=limit, is_bad=is_bad)
