"""Refreshes of what goes wrong in practice: dates for never, files that VACUUM took, names in another case, refreshes cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from goldlane.monitoring import InferenceLog, Monitor, Snapshot, TimeSeries
from goldlane.monitoring.refreshing import refresh

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.slow  # ten refreshes of Delta tables of a few rows
DAILY = TimeSeries(timestamp="at", granularities=("1 day",))


def placed(spark: SparkSession, storage: Path, table: str, rows: str) -> Path:
    """A Delta table without a change feed, one file."""
    folder = storage / "tables" / "default" / table
    spark.sql(rows).coalesce(1).write.format("delta").save(str(folder))
    return folder


def metrics(spark: SparkSession, table: Path, kind: str) -> DataFrame:
    return spark.read.format("delta").load(f"{table}_{kind}_metrics")


def test_dates_that_stand_for_never_are_in_no_window_and_take_no_other_along(spark: SparkSession, tmp_path: Path) -> None:
    instants = ("2026-01-01 00:00:00", "2026-01-02 00:00:00", "9999-12-31 23:59:59", "0001-01-01 00:00:00")
    table = placed(spark, tmp_path, "orders", " UNION ALL ".join(f"SELECT TIMESTAMP '{each}Z' AS at" for each in instants))

    told = refresh(Monitor(table="orders", profile=DAILY), tmp_path, spark)

    assert told.notes == ("2 rows have no at from the year 4 to 9996 and are in no window",)
    assert metrics(spark, table, "profile").where("column_name = ':table'").count() == 2
    assert metrics(spark, table, "drift").where("column_name = ':table'").count() == 1


def test_a_slice_of_nothing_but_null_is_profiled_and_windows_before_a_snapshot_are_replaced(spark: SparkSession, tmp_path: Path) -> None:
    table = placed(spark, tmp_path, "shops", "SELECT TIMESTAMP '2026-01-01 00:00:00Z' AS at, CAST(NULL AS STRING) AS country")
    refresh(Monitor(table="shops", profile=DAILY), tmp_path, spark)

    refresh(Monitor(table="shops", profile=Snapshot(), slicing=("country",)), tmp_path, spark)

    found = metrics(spark, table, "profile")
    assert found.where("slice_key = 'country' AND slice_value IS NULL AND column_name = ':table'").count() == 1
    assert found.where("granularity IS NOT NULL").count() == 0


def test_columns_are_found_whatever_their_case(spark: SparkSession, tmp_path: Path) -> None:
    table = placed(spark, tmp_path, "answers", "SELECT TIMESTAMP '2026-01-01 00:00:00Z' AS At, 'a' AS Answer, 'a' AS Truth, 'm' AS Model")
    log = InferenceLog(
        problem_type="classification",  # type: ignore[arg-type]
        timestamp="at",
        granularities=("1 day",),
        prediction="answer",
        model_id="model",
        label="truth",
    )

    refresh(Monitor(table="answers", profile=log), tmp_path, spark)

    assert [row["accuracy_score"] for row in metrics(spark, table, "profile").where("column_name = ':table'").collect()] == [1.0]


def test_changes_whose_files_are_gone_are_read_from_the_whole_table(spark: SparkSession, tmp_path: Path) -> None:
    table = placed(
        spark, tmp_path, "sales", "SELECT TIMESTAMP '2026-01-01 00:00:00Z' AS at, 1 AS n UNION ALL SELECT TIMESTAMP '2026-01-02', 2"
    )
    monitor = Monitor(table="sales", profile=DAILY, baseline="before")
    before = placed(spark, tmp_path, "before", "SELECT TIMESTAMP '2025-01-01 00:00:00Z' AS at, 1 AS n")
    refresh(monitor, tmp_path, spark)
    _take_away(before)
    (first,) = table.glob("*.parquet")
    spark.sql(f"DELETE FROM delta.`{table}` WHERE n = 1")
    first.unlink()

    told = refresh(monitor, tmp_path, spark)

    assert told.is_whole
    assert "cannot be read" in told.why
    assert metrics(spark, table, "profile").where("column_name = ':table'").groupBy("log_type").count().count() == 2
    assert metrics(spark, table, "drift").where("drift_type = 'BASELINE' AND column_name = 'n'").count() == 1


def test_a_baseline_that_has_not_changed_is_not_read_again(spark: SparkSession, tmp_path: Path) -> None:
    before = placed(spark, tmp_path, "before", "SELECT 1 AS n")
    table = placed(spark, tmp_path, "now", "SELECT 2 AS n")
    monitor = Monitor(table="now", profile=Snapshot(), baseline="before")
    refresh(monitor, tmp_path, spark)
    _take_away(before)
    spark.sql("SELECT 3 AS n").write.format("delta").mode("overwrite").save(str(table))

    assert refresh(monitor, tmp_path, spark).is_whole
    assert metrics(spark, table, "profile").where("log_type = 'BASELINE' AND column_name = 'n'").count() == 1
    drifts = metrics(spark, table, "drift").where("drift_type = 'BASELINE' AND column_name = 'n'").orderBy("window.start").collect()
    assert [row["avg_delta"] for row in drifts] == [1.0, 2.0]


def test_what_a_killed_refresh_stored_and_the_table_took_back_is_gone(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = placed(spark, tmp_path, "bills", "SELECT TIMESTAMP '2026-01-01 00:00:00Z' AS at, 1 AS n")
    monitor = Monitor(table="bills", profile=DAILY)
    refresh(monitor, tmp_path, spark)
    spark.sql(f"INSERT INTO delta.`{table}` VALUES (TIMESTAMP '2026-01-02 00:00:00Z', 2)")
    monkeypatch.setattr("goldlane.monitoring.storing.MonitorPlace.remember", _killed)
    with pytest.raises(KeyboardInterrupt):
        refresh(monitor, tmp_path, spark)
    monkeypatch.undo()
    spark.sql(f"DELETE FROM delta.`{table}` WHERE n = 2")

    told = refresh(monitor, tmp_path, spark)

    assert told.why == "the last refresh did not end"
    assert metrics(spark, table, "profile").where("column_name = ':table'").count() == 1
    assert metrics(spark, table, "drift").count() == 0
    assert refresh(monitor, tmp_path, spark).why == "nothing changed"


def _take_away(table: Path) -> None:
    """Whoever reads its rows now fails."""
    for file in table.glob("*.parquet"):
        file.unlink()


def _killed(*_: object) -> None:
    raise KeyboardInterrupt
