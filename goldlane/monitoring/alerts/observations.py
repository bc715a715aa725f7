"""What a rule saw in each window: a value, the limit it was held against, and whether that was bad."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from goldlane.monitoring.alerts.measures import Measure
from goldlane.monitoring.alerts.metricrows import MetricRows, Subject, Window
from goldlane.monitoring.alerts.rules import AlertRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One judged window. ``value`` is in the unit of the rule's measure; ``detail`` adds what a number does not say."""

    subject: Subject
    window: Window
    value: float
    limit: float
    is_bad: bool
    detail: str = ""


def observations(rule: AlertRule, rows: MetricRows, now: datetime) -> Iterator[Observation]:
    """Every window that the rule judges, in no order. Windows that are too small, or have no such metric, are left out."""
    from goldlane.monitoring.alerts.custom import custom_observations
    from goldlane.monitoring.alerts.drifts import drift_observations
    from goldlane.monitoring.alerts.freshness import freshness_observations
    from goldlane.monitoring.alerts.missing import missing_observations
    from goldlane.monitoring.alerts.nulls import null_observations
    from goldlane.monitoring.alerts.volume import volume_observations

    if rule.measure is Measure.CUSTOM:
        return custom_observations(rule, rows)
    if rule.measure is Measure.FRESHNESS:
        return freshness_observations(rule, rows, now)
    if rule.measure is Measure.VOLUME:
        return volume_observations(rule, rows, now)
    if rule.measure is Measure.MISSING_COLUMNS:
        return missing_observations(rule, rows)
    if rule.measure is Measure.NULL_SHARE:
        return null_observations(rule, rows)
    return drift_observations(rule, rows)


def is_asked(rule: AlertRule, subject: Subject, rows: MetricRows) -> bool:
    """Whether the rule looks at this granularity and slice."""
    granular = subject.granularity in rule.granularities if rule.granularities else subject.granularity == rows.finest
    return granular and rule.is_about_slice(subject.slice_key, subject.slice_value)
