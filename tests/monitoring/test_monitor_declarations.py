"""Monitors, their profiles and metrics: what they take, and that all mistakes come at once."""

from __future__ import annotations

import pytest

from goldlane.monitoring import (
    CustomMetric,
    InferenceLog,
    Monitor,
    MonitorDeclarationError,
    Notifications,
    Schedule,
    Snapshot,
    TimeSeries,
)
from goldlane.monitoring.granularities import base_granularity, granularity

HOURLY = TimeSeries(timestamp="at", granularities=("1 hour",))


def test_a_monitor_names_all_its_mistakes_at_once() -> None:
    with pytest.raises(MonitorDeclarationError) as raised:
        Monitor(
            table="a b",
            profile="daily",  # type: ignore[arg-type]
            slicing=("sum(x)", "a >", "country", "country"),
            custom_metrics=("avg",),  # type: ignore[arg-type]
            schedule="daily",  # type: ignore[arg-type]
        )

    found = "\n".join(raised.value.mistakes)
    for part in ("'a b'", "'daily'", "aggregate", "'a >' does not parse", "'country' is given twice", "no CustomMetric", "Schedule"):
        assert part in found
    assert raised.value.exit_code == 2


def test_a_custom_metric_is_not_named_as_the_models_column_is() -> None:
    metric = CustomMetric(kind="aggregate", name="Version", input_columns=":table", definition="count(1)")  # type: ignore[arg-type]
    log = InferenceLog(
        problem_type="regression",  # type: ignore[arg-type]
        timestamp="at",
        granularities=("1 day",),
        prediction="answer",
        model_id="version",
    )

    with pytest.raises(MonitorDeclarationError, match="custom metric 'Version' is named as the models' column is"):
        Monitor(table="answers", profile=log, custom_metrics=(metric,))


def test_an_inference_log_names_all_its_mistakes_at_once() -> None:
    with pytest.raises(MonitorDeclarationError) as raised:
        InferenceLog(
            problem_type="ranking",  # type: ignore[arg-type]
            timestamp="at",
            granularities=("2 days", "1 day", "1 day"),
            prediction="at",
            model_id="count",
        )

    found = "\n".join(raised.value.mistakes)
    for part in ("'ranking'", "'2 days' is no granularity", "'1 day' is named twice", "prediction and timestamp", "'count'"):
        assert part in found


def test_a_time_series_needs_a_granularity() -> None:
    with pytest.raises(MonitorDeclarationError, match="granularities are missing"):
        TimeSeries(timestamp="at", granularities=())


def test_a_custom_metric_cannot_take_the_name_of_a_metric_column() -> None:
    with pytest.raises(MonitorDeclarationError, match="a column 'avg' already"):
        CustomMetric(kind="aggregate", name="avg", input_columns="amount", definition="avg({{input_column}})")  # type: ignore[arg-type]


@pytest.mark.parametrize("cron", ["0 0 6 * *", "daily", ""])
def test_a_schedule_is_a_quartz_expression(cron: str) -> None:
    with pytest.raises(MonitorDeclarationError, match="Quartz"):
        Schedule(cron=cron)


def test_notifications_go_to_addresses() -> None:
    with pytest.raises(MonitorDeclarationError, match="'ops'"):
        Notifications(on_failure=("a@example.com", "ops"))


def test_the_metric_tables_stand_beside_the_watched_table() -> None:
    monitor = Monitor(table="gold.sales", profile=Snapshot())

    assert (monitor.profile_table, monitor.drift_table) == ("gold.sales_profile_metrics", "gold.sales_drift_metrics")


def test_the_fingerprint_changes_with_what_is_computed_only() -> None:
    monitor = Monitor(table="sales", profile=HOURLY)

    assert Monitor(table="sales", profile=HOURLY, schedule=Schedule(cron="0 0 6 * * ?")).fingerprint == monitor.fingerprint
    assert Monitor(table="sales", profile=HOURLY, slicing=("country",)).fingerprint != monitor.fingerprint


@pytest.mark.parametrize(
    "asked, base",
    [
        (("1 day", "5 minutes", "1 hour"), "5 minutes"),
        (("1 week", "1 month"), "1 day"),
        (("1 month", "1 year"), "1 month"),
        (("2 weeks", "1 week"), "1 week"),
        (("2 weeks", "3 weeks"), "1 day"),
        (("30 minutes", "4 weeks", "1 year"), "30 minutes"),
    ],
    ids=lambda value: value if isinstance(value, str) else " and ".join(value),
)
def test_the_table_is_scanned_for_the_widest_windows_that_make_up_all_others(asked: tuple[str, ...], base: str) -> None:
    assert base_granularity(asked).name == base


def test_two_spellings_of_one_week_are_one_granularity() -> None:
    assert granularity("1 weeks") == granularity("1 week")
