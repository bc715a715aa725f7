"""Rules about volume, freshness, NULLs, missing columns, and predicates of the project's own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.errors import UsageError
from goldlane.monitoring.alerts import Alert, AlertRule, shown_alerts

if TYPE_CHECKING:
    from conftest import Metrics

WEEK = [1000, 1100, 1050, 980, 1020, 400, 350]


def shown(metrics: Metrics, measure: str, *, late: timedelta = timedelta(0), **rule: Any) -> list[Alert]:
    return shown_alerts("payments", [AlertRule(name="rule", measure=measure, **rule)], metrics.rows, metrics.end + late)  # type: ignore[arg-type]


def counted(metrics: Metrics, counts: list[int]) -> Metrics:
    for number, count in enumerate(counts):
        if count:
            metrics.day(number, rows=count)
    return metrics


def test_quiet_weekends_are_usual(metrics: Metrics) -> None:
    assert shown(counted(metrics, WEEK * 4), "volume") == []


def test_every_day_without_rows_counts_so_that_a_rule_that_waits_for_two_hears_of_them(metrics: Metrics) -> None:
    (alert,) = shown(counted(metrics, [*[1000] * 7, 0, 0, 0, 1000]), "volume", bad=2, of=2)

    assert (alert.opened_window.start.day, alert.windows, alert.value) == (8, 3, 0.0)


@pytest.mark.parametrize("count, factor", [(100, 0.286), (3000, 2.73)], ids=["lost", "doubled"])
def test_a_day_far_from_any_of_the_week_before_is_an_alert(metrics: Metrics, count: int, factor: float) -> None:
    (alert,) = shown(counted(metrics, [*WEEK, count]), "volume")

    assert (alert.opened_window.start.day, round(alert.value, 3)) == (8, pytest.approx(factor, abs=0.005))
    assert f"{count:,} rows where" in alert.message


def test_a_day_without_any_row_counts_as_none(metrics: Metrics) -> None:
    (alert,) = shown(counted(metrics, [*WEEK, 0, *WEEK]), "volume")

    assert (alert.opened_window.start.day, alert.value, alert.is_open) == (8, 0.0, False)


def test_a_new_level_that_lasts_a_week_is_the_usual(metrics: Metrics) -> None:
    (alert,) = shown(counted(metrics, [1000] * 7 + [100] * 9), "volume")

    assert (alert.windows, alert.is_open) == (7, False)


def test_a_day_that_is_not_over_owes_only_its_share(metrics: Metrics) -> None:
    counted(metrics, [1000] * 7 + [260])

    assert shown(metrics, "volume", late=timedelta(hours=-18)) == []
    assert len(shown(metrics, "volume")) == 1


def test_a_day_whose_rows_were_delivered_at_noon_owes_half(metrics: Metrics) -> None:
    counted(metrics, [1000] * 7 + [480])
    noon = (metrics.end - timedelta(hours=12)).timestamp()
    metrics.column(7, "at", max=noon)

    assert shown(metrics, "volume", below=0.9) == []


def test_few_rows_never_tell_of_a_volume(metrics: Metrics) -> None:
    assert shown(counted(metrics, [20] * 7 + [1]), "volume") == []


def test_a_table_is_stale_when_two_windows_should_have_come_since(metrics: Metrics) -> None:
    counted(metrics, [1000, 1000])

    assert shown(metrics, "freshness", late=timedelta(days=2)) == []
    (alert,) = shown(metrics, "freshness", late=timedelta(days=2, seconds=1))
    assert "the newest window ended at 2026-01-03 00:00 UTC" in alert.message
    assert len(shown(metrics, "freshness", late=timedelta(hours=2), above=3600)) == 1


def test_a_share_of_nulls_is_told_whatever_it_was_before(metrics: Metrics) -> None:
    for number in (0, 1):
        metrics.day(number).column(number, "fee", count=600, nulls=400).column(number, "tip", count=0, nulls=1000).column(number)

    assert [alert.subject.column for alert in shown(metrics, "null_share")] == ["fee", "tip"]


def test_a_rise_of_nulls_is_told_in_points_unless_chance_gives_it(metrics: Metrics) -> None:
    metrics.day(0).column(0, nulls=10).day(1).column(1, count=900, nulls=110).drift(1, count_delta=-100, percent_null_delta=9.9)
    metrics.column(0, "tip", nulls=10).column(1, "tip", count=965, nulls=45).drift(1, "tip", count_delta=-35, percent_null_delta=3.5)

    (alert,) = shown(metrics, "null_rise")

    assert (alert.subject.column, alert.value) == ("amount", 9.9)


def test_a_column_that_holds_nothing_any_more_is_missing_until_it_is_back(metrics: Metrics) -> None:
    for number, columns in enumerate([("amount", "fee"), ("amount",), ("amount",), ("amount", "fee"), ("amount", "fee")]):
        metrics.day(number, columns=columns).column(number)
        if "fee" in columns:
            metrics.column(number, "fee")

    (alert,) = shown(metrics, "missing_columns")

    assert (alert.windows, alert.resolved_window and alert.resolved_window.start.day) == (2, 5)
    assert alert.message.endswith("; fee")


def test_a_column_that_is_hardly_ever_filled_is_not_missed(metrics: Metrics) -> None:
    metrics.day(0, columns=("amount", "rare")).column(0).column(0, "rare", count=3, nulls=997).day(1).column(1)

    assert shown(metrics, "missing_columns") == []


def test_a_predicate_sees_one_row_with_its_structs_and_null_is_no_verdict(metrics: Metrics) -> None:
    metrics.ks([0.05, 0.3])
    metrics.drifts[0]["ks_test"]["pvalue"] = None

    predicate = "ks_test.statistic > 0.01 AND ks_test.pvalue < 0.05 AND column_name LIKE 'am%'"
    (alert,) = shown(metrics, "custom", predicate=predicate, table="drift")

    assert (alert.opened_window.start.day, alert.windows) == (3, 1)
    assert alert.message == f"column amount: {predicate}"


def test_a_predicate_about_drift_asks_one_comparison(metrics: Metrics) -> None:
    metrics.ks([0.3])
    metrics.drift(1, ks_test={"statistic": 0.3, "pvalue": 0.0}, drift_type="BASELINE", window_cmp=None)
    asked = {"predicate": "ks_test.statistic > 0.1", "table": "drift"}

    told = [[alert.subject.against for alert in shown(metrics, "custom", **asked, **at)] for at in ({}, {"against": "CONSECUTIVE"})]

    assert told == [["BASELINE"], ["CONSECUTIVE"]]


def test_a_predicate_may_be_about_metrics_that_a_monitor_adds(metrics: Metrics) -> None:
    metrics.day(0, accuracy_score=0.9, precision={"macro": 0.8}).day(1, accuracy_score=0.5, precision={"macro": 0.9})

    (alert,) = shown(metrics, "custom", predicate="accuracy_score < 0.7 OR `precision`.macro < 0.5", columns=(":table",))

    assert (alert.subject.column, alert.opened_window.start.day) == (":table", 2)


def test_a_column_that_the_metric_table_does_not_have_is_named_with_those_it_has(metrics: Metrics) -> None:
    with pytest.raises(UsageError, match=r"alert rule 'rule': the profile table has no 'percent_nulls'.*percent_null"):
        shown(metrics.day(0).column(0), "custom", predicate="percent_nulls > 1")


def test_every_predicate_that_cannot_be_asked_is_named_at_once(metrics: Metrics) -> None:
    rules = [AlertRule(name=name, measure="custom", predicate=f"{name} > 1") for name in ("nobody", "nothing")]  # type: ignore[arg-type]

    with pytest.raises(UsageError, match=r"'nobody': the profile table has no 'nobody'.*'nothing': the profile table has no 'nothing'"):
        shown_alerts("payments", rules, metrics.day(0).column(0).rows, metrics.end)
