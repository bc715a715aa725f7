"""A refresh of an inference log with everything: quality by window, slice and model, custom metrics of all kinds, and a baseline."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from goldlane.monitoring import CustomMetric, InferenceLog, Monitor
from goldlane.monitoring.refreshing import refresh

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

pytestmark = pytest.mark.slow  # two refreshes of two granularities, of nine rows
FIRST = datetime(2026, 1, 5, 12, tzinfo=timezone.utc)


def metric(kind: str, name: str, columns: str, definition: str, output_type: str = "double") -> CustomMetric:
    return CustomMetric(kind=kind, name=name, input_columns=columns, definition=definition, output_type=output_type)  # type: ignore[arg-type]


MONITOR = Monitor(
    table="answers",
    profile=InferenceLog(
        problem_type="classification",
        timestamp="at",
        granularities=("1 day", "1 week"),
        prediction="answer",
        model_id="version",
        label="truth",
    ),
    slicing=("age < 25",),
    custom_metrics=(
        metric("aggregate", "errors", ":table", "sum(CASE WHEN {{prediction_col}} = {{label_col}} THEN 0 ELSE 1 END)", "bigint"),
        metric("aggregate", "oldest", "Age", "max({{input_column}})"),
        metric("aggregate", "broken", ":table", "avg(nobody)"),
        metric("derived", "double_errors", ":table", "2 * errors"),
        metric("drift", "more_errors", ":table", "{{current_df}}.double_errors - {{base_df}}.double_errors"),
    ),
    baseline="reference",
)


def rows(day: int, *answers: tuple[str, str | None, float]) -> pa.Table:
    """Rows of one day: an answer, what was true, and an age; the model is m1."""
    names = ("answer", "truth", "age")
    columns = dict(zip(names, map(list, zip(*answers, strict=True)), strict=True))
    at = pa.array([FIRST + timedelta(days=day)] * len(answers), pa.timestamp("us", "UTC"))
    return pa.table({"at": at, "version": ["m1"] * len(answers), **columns})


@pytest.fixture(scope="module")
def refreshed(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Two days and a baseline, refreshed; a third day, refreshed again: both answers, and the tables after each."""
    storage = tmp_path_factory.mktemp("enrichment")
    tables = storage / "tables" / "default"
    tables.mkdir(parents=True)
    feed = {"delta.enableChangeDataFeed": "true"}
    first = pa.concat_tables(
        [
            rows(0, ("a", "a", 20), ("a", "b", 30), ("b", "b", 40), ("b", None, 20)),
            rows(1, ("a", "b", 20), ("b", "a", 20), ("a", "a", 30), ("b", "b", 50)),
        ]
    )
    write_deltalake(str(tables / "answers"), first, configuration=feed)
    write_deltalake(str(tables / "reference"), rows(0, ("a", "a", 20), ("a", "b", 60)))
    told = {"first": refresh(MONITOR, storage, spark), **read(spark, tables, "first")}
    write_deltalake(str(tables / "answers"), rows(2, ("a", "b", 20), ("a", "b", 20), ("a", "b", 90)), mode="append")
    return {**told, "second": refresh(MONITOR, storage, spark), **read(spark, tables, "second")}


def read(spark: SparkSession, tables: Path, when: str) -> dict[str, Any]:
    found = {}
    for kind in ("profile", "drift"):
        frame = spark.read.format("delta").load(str(tables / f"answers_{kind}_metrics"))
        kept = [name for name in frame.columns if name not in ("quantiles", "frequent_items")]
        found[f"{when}_{kind}"] = [row.asDict(recursive=True) for row in frame.select(*kept).collect()]
    return found


def find(several: list[dict[str, Any]], day: int | None = None, **wanted: Any) -> dict[str, Any]:
    """The one row of a window of a day (None: of the baseline), of the whole unless a slice is said."""
    asked = {"slice_value": None, "column_name": ":table", "granularity": None if day is None else "1 day", **wanted}
    start = None if day is None else (FIRST + timedelta(days=day)).replace(hour=0, tzinfo=None)
    (found,) = (
        row
        for row in several
        if all(row[name] == value for name, value in asked.items())
        and (row["window"] is None if start is None else row["window"]["start"] == start)
    )
    return found


def test_quality_stands_on_the_row_of_the_table_by_window(refreshed: dict[str, Any]) -> None:
    profile = refreshed["first_profile"]

    assert find(profile, 0)["accuracy_score"] == pytest.approx(2 / 3)
    assert find(profile, 1)["accuracy_score"] == 0.5
    assert find(profile, 1)["version"] == "m1"
    assert find(profile, 0, column_name="age")["accuracy_score"] is None
    assert find(profile)["accuracy_score"] == 0.5


def test_a_coarser_window_counts_the_rows_of_all_its_days(refreshed: dict[str, Any]) -> None:
    week = find(refreshed["first_profile"], 0, granularity="1 week")

    assert week["accuracy_score"] == pytest.approx(4 / 7)
    assert (week["errors"], week["double_errors"]) == (4, 8.0)


def test_the_protected_slice_is_held_against_the_others(refreshed: dict[str, Any]) -> None:
    young = find(refreshed["first_profile"], 1, slice_value="true")

    assert young["accuracy_score"] == 0.0
    assert young["equal_opportunity"] == {"a": -1.0, "b": -1.0}
    assert find(refreshed["first_profile"], 1, slice_value="false")["equal_opportunity"] is None


def test_custom_metrics_stand_on_the_rows_of_their_columns(refreshed: dict[str, Any]) -> None:
    profile = refreshed["first_profile"]

    assert [find(profile, day)["errors"] for day in (0, 1)] == [2, 2]
    assert find(profile, 1, column_name="age")["oldest"] == 50.0
    assert find(profile)["errors"] == 1
    assert find(profile, 0)["broken"] is None


def test_a_drift_metric_is_held_against_the_window_before_and_the_baseline(refreshed: dict[str, Any]) -> None:
    drift = refreshed["second_drift"]

    assert find(drift, 2, drift_type="CONSECUTIVE")["more_errors"] == 2.0
    assert find(drift, 2, drift_type="BASELINE")["more_errors"] == 4.0


def test_a_metric_that_fails_is_told_and_everything_else_is_written(refreshed: dict[str, Any]) -> None:
    told = [note for note in refreshed["first"].notes if "'broken'" in note]

    assert len(told) == 2
    assert all("UNRESOLVED_COLUMN" in note for note in told)
    assert any(note.startswith("the baseline reference: ") for note in told)


def test_a_second_refresh_measures_the_new_day_and_the_week_that_holds_it(refreshed: dict[str, Any]) -> None:
    profile = refreshed["second_profile"]

    assert (find(profile, 2)["accuracy_score"], find(profile, 2)["errors"]) == (0.0, 3)
    assert find(profile, 0, granularity="1 week")["errors"] == 7
    assert find(profile, 1)["errors"] == 2
    assert not refreshed["second"].is_whole
