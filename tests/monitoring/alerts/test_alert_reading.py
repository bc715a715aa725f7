"""Metric tables as they lie in a storage, read for the rules of their monitor."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from goldlane.errors import GoldlaneError
from goldlane.monitoring import AlertRule, InferenceLog, Monitor, ProblemType, TimeSeries, evaluate_alerts
from goldlane.monitoring.alerts.reading import metric_rows
from goldlane.pipelines.storage import Storage

FIRST = datetime(2026, 1, 1, tzinfo=timezone.utc)
MOMENT = pa.timestamp("us", "UTC")
WINDOW = pa.struct([("start", MOMENT), ("end", MOMENT)])
TEXTS = ("granularity", "slice_key", "slice_value", "column_name")
ABOUT = [("window", WINDOW), *((name, pa.string()) for name in TEXTS), ("monitor_version", pa.int64())]
PROFILE = pa.schema(
    [
        *ABOUT,
        *[("log_type", pa.string()), ("count", pa.int64()), ("num_nulls", pa.int64()), ("percent_null", pa.float64())],
        *[("non_null_columns", pa.list_(pa.string())), ("quantiles", pa.list_(pa.float64())), ("model", pa.string())],
        *[("frequent_items", pa.list_(pa.struct([("item", pa.string()), ("count", pa.int64())])))],
    ]
)
DRIFT = pa.schema(
    [
        *ABOUT,
        *[("window_cmp", WINDOW), ("drift_type", pa.string()), ("count_delta", pa.int64()), ("model", pa.string())],
        *[("ks_test", pa.struct([("statistic", pa.float64()), ("pvalue", pa.float64())]))],
    ]
)
RULE = AlertRule(name="shift", measure="ks")  # type: ignore[arg-type]
MONITOR = Monitor(table="pay.ments", profile=TimeSeries(timestamp="at", granularities=("1 week", "1 day")), alerts=(RULE,))


def window(hours: float, width: float) -> dict[str, datetime]:
    return {"start": FIRST + timedelta(hours=hours), "end": FIRST + timedelta(hours=hours + width)}


def row(day: int, column: str = "amount", width: int = 24, **values: Any) -> dict[str, Any]:
    named = {24: "1 day", 168: "1 week"}[width]
    about = {"window": window(24 * day, width), "granularity": named, "column_name": column, "log_type": "INPUT", "count": 1000}
    return {**about, "num_nulls": 0, "percent_null": 0.0, "non_null_columns": ["amount"] if column == ":table" else None, **values}


def drift(day: int, statistic: float, **values: Any) -> dict[str, Any]:
    compared = {"window_cmp": window(24 * (day - 1), 24), "drift_type": "CONSECUTIVE", "count_delta": 0}
    return {**row(day, **values), **compared, "ks_test": {"statistic": statistic, "pvalue": 0.0}}


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    Storage(tmp_path).open()
    both = ("amount", ":table")
    profile = [row(day, column) for day in (0, 450, 451) for column in both]
    profile += [row(0, column, width=168) for column in both]
    profile += [row(451, column, slice_key="country", slice_value="FR") for column in both]
    profile += [{**row(0), "window": None, "granularity": None, "log_type": "BASELINE"}]
    drifts = [drift(451, 0.5, model="m2"), drift(451, 0.9, slice_key="country", slice_value="FR")]
    for name, rows, schema in (("profile", profile, PROFILE), ("drift", drifts, DRIFT)):
        write_deltalake(str(tmp_path / "tables" / "pay" / f"ments_{name}_metrics"), pa.Table.from_pylist(rows, schema=schema))
    return tmp_path


def test_only_the_finest_granularity_the_whole_table_and_the_newest_windows_are_read(storage: Path) -> None:
    rows = metric_rows(MONITOR, storage)

    read = {(row["granularity"], row["slice_key"], (row["window"] or {"start": None})["start"]) for row in rows.profile}
    assert read == {("1 day", None, FIRST + timedelta(days=450)), ("1 day", None, FIRST + timedelta(days=451)), (None, None, None)}
    assert [row["ks_test"]["statistic"] for row in rows.drift] == [0.5]
    assert not {"quantiles", "frequent_items"} & set(rows.profile[0])


def test_what_a_rule_names_is_read_too(storage: Path) -> None:
    wider = replace(RULE, granularities=("1 day", "1 week"), slices=("country",))

    rows = metric_rows(replace(MONITOR, alerts=(wider,)), storage)

    assert {(row["granularity"], row["slice_value"]) for row in rows.profile if row["log_type"] == "INPUT"} == {
        ("1 day", None),
        ("1 day", "FR"),
        ("1 week", None),
    }


def test_the_tables_of_a_storage_open_an_alert(storage: Path) -> None:
    found = evaluate_alerts(MONITOR, storage, now=FIRST + timedelta(days=452))

    assert [(alert.rule, alert.subject.column, alert.value) for alert in found.open] == [("shift", "amount", 0.5)]


def test_the_model_of_an_inference_log_is_read_by_the_name_of_its_column(storage: Path) -> None:
    log = InferenceLog(problem_type=ProblemType.REGRESSION, timestamp="at", granularities=("1 day",), prediction="answer", model_id="model")

    rows = metric_rows(replace(MONITOR, profile=log), storage)

    assert {subject.model_id for subject, _ in rows.drifts} == {"m2"}


def test_a_monitor_that_was_never_refreshed_is_told(tmp_path: Path) -> None:
    with pytest.raises(GoldlaneError, match=r"pay.ments_profile_metrics: there is no Delta table"):
        metric_rows(MONITOR, tmp_path)
