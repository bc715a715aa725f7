"""What is merged from many windows is what all the rows say, within the error that docs/monitoring.md states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as F

from goldlane.monitoring.columns import watched_columns
from goldlane.monitoring.granularities import granularity
from goldlane.monitoring.merging import coarser_state
from goldlane.monitoring.metrics import profile_rows
from goldlane.monitoring.scanning import Cut, scanned_state
from goldlane.monitoring.windows import instant_us, start_us

if TYPE_CHECKING:
    from pyspark.sql import Row, SparkSession

ROWS, HOURS = 30_000, 10


@pytest.fixture(scope="module")
def measured(spark: SparkSession) -> dict[str, Any]:
    """A day's profile merged from its hours, and the same of all rows, exactly."""
    rows = spark.range(0, ROWS, 1, 2).select(
        F.timestamp_seconds(1_767_225_600 + F.col("id") % (HOURS * 3600)).alias("at"),
        (F.lit(1e9) + F.randn(1)).alias("far"),
        (F.pmod(F.xxhash64("id"), F.lit(20_000))).alias("key"),
        F.concat(F.lit("c"), F.col("id") % 7).alias("letter"),
    )
    rows.persist()
    at = watched_columns(rows.schema)[0]
    hours = scanned_state(
        rows, Cut(log_type="INPUT", start=start_us(instant_us(at), granularity("1 hour")), granularity=granularity("1 hour"))
    )
    day = profile_rows(coarser_state(hours, granularity("1 day")), commit_version=1, monitor_version=0)
    exact = rows.agg(
        F.avg("far").alias("avg"),
        F.stddev("far").alias("stddev"),
        F.countDistinct("key").alias("keys"),
        F.array_sort(F.collect_list("far")).alias("sorted"),
    )
    found = {"day": {row["column_name"]: row for row in day.collect()}, "exact": exact.collect()[0]}
    rows.unpersist()
    return found


def test_moments_do_not_lose_digits_when_they_are_merged(measured: dict[str, Any]) -> None:
    day: Row = measured["day"]["far"]

    assert day["avg"] == pytest.approx(measured["exact"]["avg"], rel=1e-11)
    assert day["stddev"] == pytest.approx(measured["exact"]["stddev"], rel=1e-6)


def test_the_extremes_are_exact(measured: dict[str, Any]) -> None:
    values = measured["exact"]["sorted"]

    assert (measured["day"]["far"]["min"], measured["day"]["far"]["max"]) == (values[0], values[-1])


def test_quantiles_are_values_off_by_a_thousandth_of_the_ranks(measured: dict[str, Any]) -> None:
    values = measured["exact"]["sorted"]
    rank = {value: position / ROWS for position, value in enumerate(values)}

    off = [abs(rank[value] - number / 999) for number, value in enumerate(measured["day"]["far"]["quantiles"])]

    assert max(off) < 0.002


def test_distinct_values_are_counted_within_two_percent(measured: dict[str, Any]) -> None:
    assert measured["day"]["key"]["distinct_count"] == pytest.approx(measured["exact"]["keys"], rel=0.02)


def test_frequent_items_of_windows_add_up(measured: dict[str, Any]) -> None:
    items = {each["item"]: each["count"] for each in measured["day"]["letter"]["frequent_items"]}

    assert items == {f"c{number}": ROWS // 7 + (number < ROWS % 7) for number in range(7)}
