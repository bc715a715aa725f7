"""A table whose columns came, went and changed their types between two refreshes, beside a baseline that never fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from goldlane.monitoring import Monitor, Snapshot, TimeSeries

if TYPE_CHECKING:
    from conftest import Lake
    from goldlane.monitoring.refreshing import Refreshed

pytestmark = pytest.mark.slow  # three refreshes of Delta tables of a few rows
MONITOR = Monitor(table="shops", profile=Snapshot(), baseline="reference")
BEFORE = pa.table(
    {"kept": [1, 2, 3, 4], "text": ["1", "2", "3", "4"], "whole": [1, 2, 3, 4], "flat": ["a", "b", "c", "d"], "gone": [1.0, 2.0, 3.0, 4.0]}
)
NOW = pa.table(
    {
        "kept": [1, 2, 3, 9],
        "text": [1, 2, 3, 4],
        "whole": [1.5, 2.5, 3.5, 4.5],
        "flat": [{"letter": "a"}, {"letter": "b"}, None, None],
        "new": ["x", "y", None, None],
    }
)


@pytest.fixture(scope="module")
def told(lake: Lake) -> Refreshed:
    """What the refresh said after the columns had changed."""
    lake.land("reference", pa.table({"kept": ["1", "2"], "text": [1, 2], "whole": [1, 2], "flat": ["a", "b"]}))
    lake.land("shops", BEFORE)
    lake.refresh(MONITOR)
    lake.land("shops", NOW, anew=True)
    return lake.refresh(MONITOR)


@pytest.fixture(scope="module")
def drift(told: Refreshed, lake: Lake) -> dict[tuple[str, str], dict[str, Any]]:
    """The drift of the newest snapshot, by type and column."""
    assert told.is_whole
    rows = lake.drift("shops")
    newest = max(row["window"]["start"] for row in rows)
    return {(row["drift_type"], row["column_name"]): row for row in rows if row["window"]["start"] == newest}


def test_every_column_that_is_there_has_a_profile(told: Refreshed, lake: Lake) -> None:
    rows = lake.profile("shops", logging_table_commit_version=told.version, log_type="INPUT")

    types = {row["column_name"]: row["data_type"] for row in rows}
    assert types == {
        ":table": None,
        "kept": "bigint",
        "text": "bigint",
        "whole": "double",
        "flat": "struct<letter:string>",
        "new": "string",
    }
    assert {row["column_name"]: row["num_nulls"] for row in rows}["flat"] == 2


def test_the_other_columns_are_compared_as_ever(drift: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert drift["CONSECUTIVE", "kept"]["ks_test"]["statistic"] == 0.25


def test_a_number_of_another_type_is_compared_with_what_it_was(drift: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert drift["CONSECUTIVE", "whole"]["wasserstein_distance"] == 0.5
    assert drift["BASELINE", "whole"]["ks_test"]["statistic"] == 0.75


def test_of_text_that_became_a_number_or_a_struct_the_counts_are_compared_and_a_note_says_so(
    told: Refreshed, drift: dict[tuple[str, str], dict[str, Any]]
) -> None:
    text, flat = drift["CONSECUTIVE", "text"], drift["CONSECUTIVE", "flat"]

    assert (text["count_delta"], text["ks_test"], text["js_distance"]) == (0, None, None)
    assert (flat["count_delta"], flat["percent_null_delta"], flat["js_distance"]) == (-2, 50.0, None)
    unlike = "its counts are compared with the snapshot before, its values are not"
    assert f"column 'text' was string and is bigint: {unlike}" in told.notes
    assert f"column 'flat' was string and is struct<letter:string>: {unlike}" in told.notes


def test_a_column_that_went_and_one_that_came_are_counted_and_the_one_that_went_is_named(
    told: Refreshed, drift: dict[tuple[str, str], dict[str, Any]]
) -> None:
    assert drift["CONSECUTIVE", ":table"]["non_null_columns_delta"] == {"added": 1, "missing": 1}
    assert "column 'gone' is gone from the table" in told.notes
    assert ("CONSECUTIVE", "new") not in drift


def test_a_baseline_of_another_type_or_without_the_column_is_told(told: Refreshed, drift: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert (drift["BASELINE", "kept"]["count_delta"], drift["BASELINE", "kept"]["ks_test"]) == (2, None)
    assert drift["BASELINE", "text"]["ks_test"]["statistic"] == 0.5
    assert "the baseline reference has no column 'new'; it has no baseline drift" in told.notes
    assert any(note.startswith("column 'kept' is bigint, and string in the baseline reference: its counts") for note in told.notes)


def test_windows_in_time_are_read_anew_when_a_type_changes_and_are_compared_as_what_they_are_now(lake: Lake) -> None:
    days = pa.array([86_400_000_000 * day for day in (20_000, 20_001)], pa.timestamp("us", "UTC"))
    monitor = Monitor(table="sales", profile=TimeSeries(timestamp="at", granularities=("1 day",)))
    lake.land("sales", pa.table({"at": days, "amount": ["1", "2"]}))
    lake.refresh(monitor)
    lake.land("sales", pa.table({"at": days, "amount": [1.0, 2.0]}), anew=True)

    told = lake.refresh(monitor)

    (row,) = lake.drift("sales", column_name="amount")
    assert (row["data_type"], row["avg_delta"], row["js_distance"]) == ("double", 1.0, None)
    assert (told.is_whole, told.why, told.notes) == (True, "the columns of sales have changed", ())
