"""Drift rows, judged by the size of the change, and by what chance alone would show between samples of these sizes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from goldlane.monitoring.alerts import noise
from goldlane.monitoring.alerts.measures import Measure
from goldlane.monitoring.alerts.metricrows import MetricRows, Row, Subject, window_of
from goldlane.monitoring.alerts.observations import Observation, is_asked
from goldlane.monitoring.alerts.rules import AlertRule
from goldlane.monitoring.columns import TABLE_ROW
from goldlane.monitoring.schemas import BASELINE, CONSECUTIVE

# With fewer rows per value than this, a column names things, and two windows never name the same.
_ROWS_PER_VALUE = 5
# Between two constants, any distance is infinitely many deviations; JSON has no such number.
_BEYOND = 1e9
_DETAILS = {BASELINE: "against the baseline", CONSECUTIVE: "against the window before"}
_COLUMNS = {
    Measure.PSI: "population_stability_index",
    Measure.WASSERSTEIN: "wasserstein_distance",
    Measure.JS: "js_distance",
    Measure.TV: "tv_distance",
    Measure.L_INFINITY: "l_infinity_distance",
    Measure.NULL_RISE: "percent_null_delta",
    Measure.ZERO_RISE: "percent_zeros_delta",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    """The two samples behind a drift row: how many values each has, and how many different ones the earlier had."""

    now: float
    before: float
    values_before: float
    joint: float


def drift_observations(rule: AlertRule, rows: MetricRows) -> Iterator[Observation]:
    """One per column and window that has such a metric, and enough values on both sides."""
    against = rule.against or rows.compared
    asked = _asked(rule, rows, against)
    limit = rule.limit or 0.0
    for (subject, start), row in rows.drifts.items():
        measured = _measured(rule, row) if subject in asked else None
        profile = None if measured is None else rows.profile_of(subject, start)
        if measured is None or profile is None:
            continue
        value = measured if rule.measure is not Measure.WASSERSTEIN else _in_deviations(measured, profile, rows.reference_of(subject, row))
        sides = _sides(rule, row, profile)
        if value is None or sides is None or _is_too_small(rule, sides):
            continue
        is_bad = value > limit and value > _floor(rule, sides, profile, row)
        yield Observation(subject=subject, window=window_of(row), value=value, limit=limit, is_bad=is_bad, detail=_DETAILS[against])


def _asked(rule: AlertRule, rows: MetricRows, against: str) -> set[Subject]:
    """What the rule is about, of all that drift was measured of."""
    subjects = {subject for subject, _ in rows.drifts if subject.against == against and subject.column != TABLE_ROW}
    return {subject for subject in subjects if is_asked(rule, subject, rows) and rule.is_about_column(subject.column)}


def _measured(rule: AlertRule, row: Row) -> float | None:
    if rule.measure is not Measure.KS:
        return row.get(_COLUMNS[rule.measure])
    test = row.get("ks_test")
    return None if test is None else test["statistic"]


def _in_deviations(distance: float, profile: Row, reference: Row | None) -> float | None:
    """In standard deviations of the wider window: one outlier among heavy tails moves the distance, and widens its own window as much."""
    one, other = profile.get("stddev"), None if reference is None else reference.get("stddev")
    if one is None or other is None:
        return None
    return min(distance / max(one, other), _BEYOND) if max(one, other) else _BEYOND * (distance > 0)


def _sides(rule: AlertRule, row: Row, profile: Row) -> _Sides | None:
    """None where the row does not say how many values were compared."""
    count, delta = profile.get("count"), row.get("count_delta")
    if count is None or delta is None:
        return None
    now, before = float(count), float(count - delta)
    distinct = _before(profile, row, "percent_distinct") / 100 * before
    if rule.measure is Measure.NULL_RISE:
        now += profile.get("num_nulls") or 0
        filled = 1 - _before(profile, row, "percent_null") / 100
        before = before / filled if filled > 0 else 0.0
    joint = noise.joint_rows(now, before) if now and before else 0.0
    return _Sides(now=now, before=before, values_before=distinct, joint=joint)


def _is_too_small(rule: AlertRule, sides: _Sides) -> bool:
    if min(sides.now, sides.before) < rule.min_rows:
        return True
    return rule.measure.is_categorical and sides.values_before * _ROWS_PER_VALUE > sides.before


def _floor(rule: AlertRule, sides: _Sides, profile: Row, row: Row) -> float:
    chance, values = rule.chance, max(round(sides.values_before), 2)
    match rule.measure:
        case Measure.PSI:
            return noise.psi_floor(sides.joint, chance)
        case Measure.JS:
            return noise.js_floor(sides.joint, values, chance)
        case Measure.TV:
            return noise.tv_floor(sides.joint, values, chance)
        case Measure.WASSERSTEIN:
            return noise.wasserstein_floor(sides.joint, chance)
        case Measure.NULL_RISE | Measure.ZERO_RISE:
            column = "percent_null" if rule.measure is Measure.NULL_RISE else "percent_zeros"
            mean = ((profile.get(column) or 0.0) * sides.now + _before(profile, row, column) * sides.before) / (sides.now + sides.before)
            return 100 * noise.share_floor(mean / 100, sides.joint, chance)
        case _:
            return noise.ks_floor(sides.joint, chance)


def _before(profile: Row, row: Row, column: str) -> float:
    """A percentage of the window that was compared with; 0 where it is not known."""
    return min(max((profile.get(column) or 0.0) - (row.get(f"{column}_delta") or 0.0), 0.0), 100.0)
