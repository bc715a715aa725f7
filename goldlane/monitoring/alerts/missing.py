"""Columns that held values and hold none: all NULL, or gone from the table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from goldlane.monitoring.alerts.metricrows import MetricRows, Row, Subject, window_of
from goldlane.monitoring.alerts.observations import Observation, is_asked
from goldlane.monitoring.alerts.rules import AlertRule
from goldlane.monitoring.alerts.volume import usual_windows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    rule: AlertRule
    rows: MetricRows
    subject: Subject


def missing_observations(rule: AlertRule, rows: MetricRows) -> Iterator[Observation]:
    """How many columns of the last good window have no value, in so many rows that this is no chance.

    A column that stays away for a week's windows (at least four) is gone on purpose, and no longer missed.
    """
    for subject, series in rows.series.items():
        if is_asked(rule, subject, rows):
            yield from _of_series(_Asked(rule=rule, rows=rows, subject=subject), series)


def _of_series(asked: _Asked, series: Sequence[Row]) -> Iterator[Observation]:
    judged = [row for row in series if (row.get("count") or 0) >= asked.rule.min_rows and row.get("non_null_columns") is not None]
    limit, bad = asked.rule.limit or 0.0, 0
    before = judged[0] if judged else {}
    for row in judged[1:]:
        lost = _lost(asked, before, row)
        is_bad = len(lost) > limit
        yield Observation(
            subject=asked.subject, window=window_of(row), value=float(len(lost)), limit=limit, is_bad=is_bad, detail=", ".join(lost)
        )
        bad = bad + 1 if is_bad else 0
        if not is_bad or bad == usual_windows(window_of(row)):
            before = row


def _lost(asked: _Asked, before: Row, row: Row) -> list[str]:
    names = sorted(set(before["non_null_columns"]) - set(row["non_null_columns"]))
    return [name for name in names if asked.rule.is_about_column(name) and _is_no_chance(asked, name, before, row["count"])]


def _is_no_chance(asked: _Asked, name: str, before: Row, number: int) -> bool:
    filled = asked.rows.profile_of(replace(asked.subject, column=name), window_of(before).start)
    share = 0.0 if filled is None else (filled.get("count") or 0) / before["count"]
    return share >= 1 or math.log1p(-share) * number < math.log(asked.rule.chance)
