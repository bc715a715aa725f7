"""Rows of a slice that went: the window it is missing from has no row of it, and is one of no rows all the same."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from goldlane.monitoring.alerts import Alert, AlertRule, Measure, shown_alerts

if TYPE_CHECKING:
    from conftest import Metrics

RULE = AlertRule(name="volume", measure=Measure.VOLUME, slices=("country",))


def days(metrics: Metrics, *, gone_from: int, until: int, others: tuple[str, ...] = ("FR",)) -> Metrics:
    """A thousand rows a day; half of them German until they go."""
    for number in range(until):
        metrics.day(number)
        for country in (*others, *(("DE",) if number < gone_from else ())):
            metrics.day(number, rows=500, slice_key="country", slice_value=country)
    return metrics


def shown(metrics: Metrics, late: timedelta = timedelta(0)) -> list[Alert]:
    return shown_alerts("payments", [RULE], metrics.rows, metrics.end + late)


def test_a_slice_that_vanished_is_an_alert_in_the_first_window_without_it(metrics: Metrics) -> None:
    (alert,) = shown(days(metrics, gone_from=8, until=10))

    assert (alert.subject.slice_value, alert.opened_window.start.day, alert.windows, alert.is_open) == ("DE", 9, 2, True)
    assert "0 rows where 500 are usual" in alert.message


def test_a_slice_that_stays_away_for_as_long_as_tells_what_is_usual_is_no_longer_missed(metrics: Metrics) -> None:
    (alert,) = shown(days(metrics, gone_from=8, until=20))

    assert (alert.windows, alert.is_open) == (7, False)


def test_an_expression_that_was_left_out_of_a_window_is_no_slice_that_vanished(metrics: Metrics) -> None:
    assert shown(days(metrics, gone_from=8, until=10, others=())) == []


def test_a_slice_that_was_new_is_not_missed_from_before(metrics: Metrics) -> None:
    days(metrics, gone_from=0, until=12)
    for number in range(9, 12):
        metrics.day(number, rows=500, slice_key="country", slice_value="DE")

    assert shown(metrics) == []


def test_of_a_day_whose_first_hour_was_delivered_a_slice_without_rows_owes_next_to_nothing(metrics: Metrics) -> None:
    days(metrics, gone_from=8, until=9)
    metrics.column(8, "at", max=(metrics.end - timedelta(hours=23)).timestamp())

    assert shown(metrics) == []


def test_a_rule_about_no_slice_hears_of_none(metrics: Metrics) -> None:
    days(metrics, gone_from=8, until=10)

    assert shown_alerts("payments", [AlertRule(name="volume", measure=Measure.VOLUME)], metrics.rows, metrics.end) == []
