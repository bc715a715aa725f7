"""What the profile says of each kind of column, in a window and in its slices: values, NULLs, NaN, infinities, nested types."""

from __future__ import annotations

import json
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
    from pyspark.sql import SparkSession

FIRST = """SELECT * FROM VALUES
    (TIMESTAMP '2026-01-01 00:10:00Z', 1.0D, 'FR', true, ARRAY(1)), (TIMESTAMP '2026-01-01 00:10:00Z', 3.0D, 'DE', true, NULL),
    (TIMESTAMP '2026-01-01 05:00:00Z', DOUBLE('NaN'), 'FR', NULL, NULL),
    (TIMESTAMP '2026-01-01 05:30:00Z', DOUBLE('Infinity'), NULL, NULL, NULL),
    (TIMESTAMP '2026-01-02 05:30:00Z', NULL, NULL, NULL, NULL), (NULL, 7.0D, 'XX', true, NULL),
    (TIMESTAMP '2026-01-03 01:00:00Z', 0.0D, 'FR', true, NULL), (TIMESTAMP '2026-01-03 01:01:00Z', 4.0D, 'FRA', false, NULL)
    AS sales(at, amount, country, paid, tags)"""
HOUR = granularity("1 hour")


@pytest.fixture(scope="module")
def profile(spark: SparkSession) -> list[dict[str, Any]]:
    """The profile of the hours, and of the days merged from them."""
    rows = spark.sql(FIRST)
    start = start_us(instant_us(watched_columns(rows.schema)[0]), HOUR)
    slices = {"country": ["FR", None], "amount > 2": ["true", "false"]}
    hours = scanned_state(rows, Cut(log_type="INPUT", start=start, granularity=HOUR, slices=slices)).localCheckpoint()
    state = hours.unionByName(coarser_state(hours, granularity("1 day")))
    told = profile_rows(state, commit_version=3, monitor_version=0).select(F.to_json(F.struct("*")))
    return [json.loads(line) for (line,) in told.collect()]


def test_the_table_row_counts_rows_and_names_the_columns_that_hold_something(profile: list[dict[str, Any]]) -> None:
    (row,) = _found(profile, "1 day", "2026-01-02", ":table")

    assert (row["count"], row["non_null_columns"], row.get("num_nulls")) == (1, ["at"], None)


def test_numbers_are_profiled_without_nan_and_infinities_are_seen_in_the_extremes(profile: list[dict[str, Any]]) -> None:
    (row,) = _found(profile, "1 day", "2026-01-01", "amount")

    assert (row["count"], row["num_nulls"], row["num_nan"], row["percent_nan"]) == (4, 0, 1, 25.0)
    assert (row["avg"], row["min"], row["max"], row["median"]) == (2.0, 1.0, "Infinity", 1.0)
    assert (row["distinct_count"], row["stddev"]) == (4, pytest.approx(2**0.5))


def test_a_window_of_nulls_has_counts_and_no_numbers(profile: list[dict[str, Any]]) -> None:
    (row,) = _found(profile, "1 day", "2026-01-02", "amount")

    assert (row["count"], row["num_nulls"], row["percent_null"], row["distinct_count"]) == (0, 1, 100.0, 0)
    assert {"avg", "median", "min", "stddev", "percent_zeros", "quantiles"}.isdisjoint(row)


def test_text_has_lengths_and_frequent_items_and_no_numbers(profile: list[dict[str, Any]]) -> None:
    (row,) = _found(profile, "1 day", "2026-01-03", "country")

    assert (row["min_length"], row["max_length"], row["avg_length"]) == (2.0, 3.0, 2.5)
    assert row["frequent_items"] == [{"item": "FR", "count": 1}, {"item": "FRA", "count": 1}]
    assert {"min", "max", "avg", "num_zeros", "median"}.isdisjoint(row)


def test_timestamps_are_epoch_seconds_without_an_average(profile: list[dict[str, Any]]) -> None:
    (row,) = _found(profile, "1 hour", "2026-01-01", "at", hour="00")

    assert (row["min"], row["max"], row["distinct_count"]) == (1767226200.0, 1767226200.0, 1)
    assert {"avg", "stddev", "num_zeros"}.isdisjoint(row)


def test_nested_columns_are_counted_only(profile: list[dict[str, Any]]) -> None:
    (row,) = _found(profile, "1 day", "2026-01-01", "tags")

    assert (row["count"], row["num_nulls"], row["data_type"]) == (1, 3, "array<int>")
    assert {"distinct_count", "frequent_items"}.isdisjoint(row)


def test_a_slice_is_a_value_of_an_expression(profile: list[dict[str, Any]]) -> None:
    tables = [row for row in profile if row["column_name"] == ":table" and row["granularity"] == "1 day"]
    counts = {(row.get("slice_key"), row.get("slice_value"), row["window"]["start"][:10]): row["count"] for row in tables}

    assert counts["country", "FR", "2026-01-01"] == 2
    assert counts["country", None, "2026-01-01"] == 1
    assert counts["amount > 2", "true", "2026-01-03"] == 1
    assert counts["amount > 2", "false", "2026-01-03"] == 1
    assert counts[None, None, "2026-01-01"] == 4


def _found(rows: list[dict[str, Any]], width: str, day: str, column: str, hour: str = "") -> list[dict[str, Any]]:
    """The rows of the whole, without slices."""
    return [
        row
        for row in rows
        if row["granularity"] == width
        and row["window"]["start"].startswith(f"{day}T{hour}")
        and row["column_name"] == column
        and "slice_key" not in row
    ]
