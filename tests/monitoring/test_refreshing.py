"""A refresh reads what changed, writes what that reaches, and what it wrote is what a refresh of everything would have written."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as F

from goldlane.monitoring import Monitor, TimeSeries, WatchedTableError
from goldlane.monitoring.refreshing import Refreshed, read_state, refresh
from goldlane.monitoring.schemas import DRIFT_COLUMNS, PROFILE_COLUMNS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SALES = """SELECT * FROM VALUES
    (TIMESTAMP '2026-01-01 00:10:00Z', 1.0D, 'FR'), (TIMESTAMP '2026-01-01 05:00:00Z', DOUBLE('NaN'), 'FR'),
    (TIMESTAMP '2026-01-01 05:30:00Z', 3.0D, NULL), (TIMESTAMP '2026-01-02 05:30:00Z', NULL, NULL), (NULL, 7.0D, 'XX'),
    (TIMESTAMP '2026-01-03 01:00:00Z', 0.0D, 'FR'), (TIMESTAMP '2026-01-03 01:01:00Z', 4.0D, 'FRA') AS sales(at, amount, country)"""
MONITOR = Monitor(
    table="sales",
    profile=TimeSeries(timestamp="at", granularities=("1 hour", "1 day")),
    slicing=("country", "shop"),
)
pytestmark = pytest.mark.slow  # four refreshes of a Delta table
LATER = "SELECT * FROM VALUES (TIMESTAMP '2026-01-04 01:00:00Z', 5.0D, 'FR') AS sales(at, amount, country)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What three refreshes wrote: of everything, of nothing new, and of changes; and one of everything again, elsewhere."""

    refreshed: tuple[Refreshed, ...]
    profile: list[dict[str, Any]]
    drift: list[dict[str, Any]]
    resumed: tuple[list[dict[str, Any]], list[dict[str, Any]]]
    whole: tuple[list[dict[str, Any]], list[dict[str, Any]]]
    columns: tuple[list[str], list[str]]
    days: list[dict[str, Any]]
    renewed: int


@pytest.fixture(scope="module")
def course(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Course:
    storage = tmp_path_factory.mktemp("watched")
    sales = storage / "tables" / "default" / "sales"
    spark.sql(SALES).coalesce(1).write.format("delta").option("delta.enableChangeDataFeed", "true").save(str(sales))
    first = refresh(MONITOR, storage, spark)
    idle = refresh(MONITOR, storage, spark)
    spark.sql(LATER).coalesce(1).write.format("delta").mode("append").save(str(sales))
    spark.sql(f"DELETE FROM delta.`{sales}` WHERE at = '2026-01-01 05:00:00' OR at = '2026-01-02 05:30:00'")
    record = storage / "system" / "monitoring" / "default.sales" / "record.json"
    known = record.read_text(encoding="utf-8")
    changed = refresh(MONITOR, storage, spark)
    profile, drift = _rows(spark, sales, "profile"), _rows(spark, sales, "drift")
    versions = spark.read.format("delta").load(f"{sales}_profile_metrics").select("logging_table_commit_version")
    renewed = versions.where(F.col("logging_table_commit_version") == changed.version).count()
    days = [row.asDict() for row in read_state(MONITOR, storage, spark, granularity="1 day").select("column_name", "rows").collect()]
    # As a kill after the state's commit leaves it.
    record.write_text(known, encoding="utf-8")
    for kind in ("profile", "drift"):
        spark.sql(f"RESTORE delta.`{sales}_{kind}_metrics` TO VERSION AS OF 0")
    refresh(MONITOR, storage, spark)
    resumed = _rows(spark, sales, "profile"), _rows(spark, sales, "drift")
    shutil.rmtree(storage / "system")
    again = refresh(MONITOR, storage, spark)
    frames = [spark.read.format("delta").load(f"{sales}_{kind}_metrics") for kind in ("profile", "drift")]
    return Course(
        refreshed=(first, idle, changed, again),
        profile=profile,
        drift=drift,
        resumed=resumed,
        whole=(_rows(spark, sales, "profile"), _rows(spark, sales, "drift")),
        columns=(frames[0].columns, frames[1].columns),
        days=days,
        renewed=renewed,
    )


def test_changes_lead_to_what_a_refresh_of_everything_writes(course: Course) -> None:
    assert (course.profile, course.drift) == course.whole
    assert len(course.drift) > 0


def test_a_refresh_that_was_killed_after_the_state_is_done_again(course: Course) -> None:
    assert course.resumed == course.whole


def test_only_the_windows_that_changed_are_read(course: Course) -> None:
    first, _, changed, _ = course.refreshed

    assert (first.is_whole, changed.is_whole) == (True, False)
    assert 0 < changed.profile_rows < first.profile_rows


def test_the_rows_that_a_refresh_wrote_are_counted_and_those_that_it_left_are_not(course: Course) -> None:
    _, _, changed, again = course.refreshed

    assert changed.profile_rows == course.renewed
    assert (again.profile_rows, again.drift_rows) == tuple(map(len, course.whole))


def test_a_refresh_of_nothing_new_writes_nothing(course: Course) -> None:
    idle = course.refreshed[1]

    assert (idle.profile_rows, idle.drift_rows, idle.is_whole) == (0, 0, False)


def test_the_tables_have_the_columns_of_the_platform(course: Course) -> None:
    assert course.columns == (list(PROFILE_COLUMNS), list(DRIFT_COLUMNS))


def test_what_was_left_out_is_said(course: Course) -> None:
    notes = "\n".join(course.refreshed[0].notes)

    assert "'shop' is left out" in notes
    assert "1 rows have no at" in notes


def test_coarser_state_is_merged_from_the_stored_state(course: Course) -> None:
    assert sum(row["rows"] for row in course.days if row["column_name"] == ":table") > 0
    assert {row["column_name"] for row in course.days} == {":table", "at", "amount", "country"}


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WatchedTableError, match="there is no table 'sales'"):
        refresh(MONITOR, tmp_path)


def _rows(spark: SparkSession, sales: Path, kind: str) -> list[dict[str, Any]]:
    """Rows in an order that does not depend on Spark, without the version that they were computed at."""
    frame = spark.read.format("delta").load(f"{sales}_{kind}_metrics").drop("logging_table_commit_version")
    return [json.loads(line) for (line,) in frame.select(F.to_json(F.struct("*")).alias("line")).orderBy("line").collect()]
