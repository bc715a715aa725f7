"""Values that a profile has little to say of: none, NULL only, one, infinities and NaN, two rows of one instant; and an empty baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from goldlane.monitoring import Monitor, Snapshot, TimeSeries

if TYPE_CHECKING:
    from conftest import Lake
    from goldlane.monitoring.refreshing import Refreshed

pytestmark = pytest.mark.slow  # five refreshes of Delta tables of a few rows
DAY_US = 86_400_000_000
FIRST = 20_000 * DAY_US
INFINITE, NONE = float("inf"), float("nan")
DAILY = TimeSeries(timestamp="at", granularities=("1 day",))


def instants(*days: float) -> pa.Array:
    return pa.array([FIRST + int(day * DAY_US) for day in days], pa.timestamp("us", "UTC"))


@pytest.fixture(scope="module")
def told(lake: Lake) -> Refreshed:
    """Two days with an empty one between them, and a baseline of the same columns without a row."""
    rows = {
        "at": instants(0, 0, 0, 2, 2),
        "nothing": pa.array([None] * 5, pa.float64()),
        "same": [7.0] * 5,
        "beyond": [INFINITE, -INFINITE, NONE, INFINITE, INFINITE],
        "word": ["a", "a", "b", "a", "b"],
    }
    lake.land("odd", pa.table(rows))
    lake.land("hollow", pa.table(rows).slice(0, 0))
    return lake.refresh(Monitor(table="odd", profile=DAILY, baseline="hollow"))


@pytest.fixture(scope="module")
def profile(told: Refreshed, lake: Lake) -> dict[str, dict[str, Any]]:
    """The first day's, by column."""
    assert told.profile_rows > 0
    return {row["column_name"]: row for row in reversed(lake.profile("odd", log_type="INPUT"))}


@pytest.fixture(scope="module")
def drift(told: Refreshed, lake: Lake) -> dict[str, dict[str, Any]]:
    """Between the two days, by column."""
    assert told.drift_rows > 0
    return {row["column_name"]: row for row in lake.drift("odd")}


def test_a_column_of_null_has_counts_and_nothing_else(profile: dict[str, dict[str, Any]], drift: dict[str, dict[str, Any]]) -> None:
    row = profile["nothing"]

    assert (row["count"], row["num_nulls"], row["percent_null"], row["distinct_count"]) == (0, 3, 100.0, 0)
    assert {row[name] for name in ("avg", "min", "max", "median", "stddev", "quantiles", "percent_zeros")} == {None}
    assert (drift["nothing"]["count_delta"], drift["nothing"]["ks_test"], drift["nothing"]["avg_delta"]) == (0, None, None)


def test_one_value_has_no_spread_and_does_not_drift(profile: dict[str, dict[str, Any]], drift: dict[str, dict[str, Any]]) -> None:
    row, moved = profile["same"], drift["same"]

    assert (row["min"], row["avg"], row["max"], row["stddev"], row["distinct_count"]) == (7.0, 7.0, 7.0, 0.0, 1)
    assert (moved["ks_test"]["statistic"], moved["wasserstein_distance"], moved["population_stability_index"]) == (0.0, 0.0, 0.0)


def test_infinities_and_nan_are_counted_and_move_no_distance(profile: dict[str, dict[str, Any]], drift: dict[str, dict[str, Any]]) -> None:
    row, moved = profile["beyond"], drift["beyond"]

    assert (row["count"], row["num_nan"], row["min"], row["max"], row["avg"]) == (3, 1, -INFINITE, INFINITE, None)
    assert (moved["ks_test"], moved["wasserstein_distance"], moved["population_stability_index"]) == (None, None, None)


def test_rows_of_one_instant_are_rows_of_one_window(profile: dict[str, dict[str, Any]]) -> None:
    assert (profile["at"]["count"], profile["at"]["distinct_count"]) == (3, 1)


def test_a_window_without_rows_has_none_in_the_tables_and_the_next_is_compared_with_the_one_before_it(
    told: Refreshed, drift: dict[str, dict[str, Any]], lake: Lake
) -> None:
    windows = {row["window"]["start"].day for row in lake.profile("odd")}

    assert len(windows) == 2
    assert (drift["word"]["window"]["start"] - drift["word"]["window_cmp"]["start"]).days == 2
    assert told.notes == ("the baseline hollow is empty; nothing is compared with it",)


@pytest.mark.parametrize("profile_of", [DAILY, Snapshot()], ids=["series", "snapshot"])
def test_a_table_without_rows_is_watched_and_its_first_rows_are_profiled(lake: Lake, profile_of: Any) -> None:
    name = "empty_series" if profile_of == DAILY else "empty_snapshot"
    monitor = Monitor(table=name, profile=profile_of, slicing=("word",))
    lake.land(name, pa.table({"at": instants(), "word": pa.array([], pa.string())}))

    before = lake.refresh(monitor)
    lake.land(name, pa.table({"at": instants(0, 0.5), "word": ["a", "b"]}))
    after = lake.refresh(monitor)

    assert (before.notes, after.notes) == ((), ())
    counts = [row["count"] for row in lake.profile(name, column_name=":table")]
    assert counts == ([2] if profile_of == DAILY else [0, 2])
    assert [row["count"] for row in lake.profile(name, column_name=":table", slice_key="word")] == [1, 1]
