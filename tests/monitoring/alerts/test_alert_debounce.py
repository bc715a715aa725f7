"""From bad windows to alerts: opening, lasting, ending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from goldlane.monitoring.alerts import Alert, AlertRule, shown_alerts

if TYPE_CHECKING:
    from conftest import Metrics

GOOD, BAD = 0.01, 0.5


def shown(metrics: Metrics, **rule: Any) -> list[Alert]:
    return shown_alerts("payments", [AlertRule(name="shift", measure="ks", **rule)], metrics.rows, metrics.end)


def days(alert: Alert) -> tuple[int, int, int | None]:
    """The days of January on which it opened, was last bad, and was over."""
    over = alert.resolved_window.start.day if alert.resolved_window else None
    return alert.opened_window.start.day, alert.newest_window.start.day, over


def test_one_bad_window_opens_an_alert_and_two_good_ones_in_a_row_end_it(metrics: Metrics) -> None:
    metrics.ks([GOOD, BAD, GOOD, BAD, GOOD, GOOD, GOOD])

    (alert,) = shown(metrics)

    assert (days(alert), alert.windows, alert.is_open) == ((3, 5, 7), 2, False)


def test_an_alert_whose_last_windows_are_not_good_enough_stays_open(metrics: Metrics) -> None:
    (alert,) = shown(metrics.ks([GOOD, BAD, GOOD]))

    assert (days(alert), alert.is_open) == ((3, 3, None), True)


@pytest.mark.parametrize(
    "statistics, opened",
    [([BAD, GOOD, GOOD, BAD, GOOD, GOOD], []), ([BAD, GOOD, BAD, GOOD], [2]), ([GOOD, BAD, BAD], [3])],
    ids=["too far apart", "two of three", "in a row"],
)
def test_two_of_three_windows_must_be_bad_where_the_rule_says_so(metrics: Metrics, statistics: list[float], opened: list[int]) -> None:
    alerts = shown(metrics.ks(statistics), bad=2, of=3)

    assert [alert.opened_window.start.day for alert in alerts] == opened


def test_after_its_end_the_next_bad_window_is_another_alert(metrics: Metrics) -> None:
    alerts = shown(metrics.ks([BAD, GOOD, GOOD, BAD]))

    assert [days(alert) for alert in alerts] == [(2, 2, 4), (5, 5, None)]
    assert len({alert.id for alert in alerts}) == 2


def test_an_alert_tells_its_newest_and_its_worst_value(metrics: Metrics) -> None:
    (alert,) = shown(metrics.ks([0.9, 0.4]))

    assert (alert.value, alert.worst, alert.limit) == (0.4, 0.9, 0.1)
    assert "column amount" in alert.message
    assert "is 0.4, at most 0.1 expected; against the window before" in alert.message


def test_a_window_that_is_too_small_is_neither_bad_nor_good(metrics: Metrics) -> None:
    metrics.ks([BAD, GOOD])
    for number in (3, 4):
        metrics.day(number, rows=50).column(number, count=50).drift(number, ks_test={"statistic": BAD, "pvalue": 0.0}, count_delta=-950)

    (alert,) = shown(metrics)

    assert (days(alert), alert.windows) == ((2, 2, None), 1)


def test_a_large_statistic_that_chance_would_give_small_samples_is_silent(metrics: Metrics) -> None:
    metrics.day(0, rows=150).column(0, count=150)
    metrics.day(1, rows=150).column(1, count=150).drift(1, ks_test={"statistic": 0.3, "pvalue": 0.0})

    assert shown(metrics) == []
    assert len(shown(metrics, chance=1e-3)) == 1


def test_slices_are_silent_unless_the_rule_asks_for_them_and_each_has_an_alert_of_its_own(metrics: Metrics) -> None:
    metrics.ks([GOOD, GOOD])
    for country in ("FR", "DE"):
        where = {"slice_key": "country", "slice_value": country}
        for number in (0, 1, 2):
            metrics.day(number, **where).column(number, **where)
        metrics.drift(2, ks_test={"statistic": BAD, "pvalue": 0.0}, **where)

    assert shown(metrics) == []
    assert [alert.subject.slice_value for alert in shown(metrics, slices=("country",))] in (["FR", "DE"], ["DE", "FR"])
    assert [alert.subject.slice_value for alert in shown(metrics, slices=("country=DE",))] == ["DE"]


def test_drift_is_measured_against_the_baseline_where_there_is_one(metrics: Metrics) -> None:
    metrics.ks([BAD, GOOD])
    baseline = {"drift_type": "BASELINE", "window_cmp": None}
    for number, statistic in ((1, GOOD), (2, BAD)):
        metrics.drift(number, ks_test={"statistic": statistic, "pvalue": 0.0}, **baseline)

    (against_baseline,), (against_before,) = shown(metrics), shown(metrics, against="CONSECUTIVE")

    assert (days(against_baseline)[0], days(against_before)[0]) == (3, 2)
    assert against_baseline.message.endswith("against the baseline")


def test_columns_that_hardly_repeat_a_value_are_not_compared_by_values(metrics: Metrics) -> None:
    for number in (0, 1):
        metrics.day(number)
        metrics.column(number, "id", percent_distinct=100.0).column(number, "country", percent_distinct=0.5)
    for name in ("id", "country"):
        metrics.drift(1, name, js_distance=0.8, percent_distinct_delta=0.0)

    alerts = shown_alerts("payments", [AlertRule(name="values", measure="js")], metrics.rows, metrics.end)

    assert [alert.subject.column for alert in alerts] == ["country"]


@pytest.mark.parametrize("deviations, told", [((50.0, 20.0), 2.0), ((20.0, 500.0), None), ((0.0, 0.0), 1e9)])
def test_a_distance_is_told_in_standard_deviations_of_the_wider_window(
    metrics: Metrics, deviations: tuple[float, float], told: float | None
) -> None:
    for number, deviation in enumerate(deviations):
        metrics.day(number).column(number, stddev=deviation)
    metrics.drift(1, wasserstein_distance=100.0)

    alerts = shown_alerts("payments", [AlertRule(name="moved", measure="wasserstein")], metrics.rows, metrics.end)  # type: ignore[arg-type]

    assert [alert.value for alert in alerts] == ([] if told is None else [told])
