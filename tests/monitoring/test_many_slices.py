"""A slicing expression of ten thousand values: the hundred most frequent, said so, and the same ones the next time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from goldlane.monitoring import Monitor, Snapshot

if TYPE_CHECKING:
    from conftest import Lake
    from goldlane.monitoring.refreshing import Refreshed

pytestmark = pytest.mark.slow  # three refreshes of 30,000 rows in a hundred slices
VALUES = 10_000
MONITOR = Monitor(table="clicks", profile=Snapshot(), slicing=("shop",))
NOTE = "slicing expression 'shop' has 10,000 values; the 100 most frequent are profiled"


def clicks(*, more: dict[int, int]) -> pa.Table:
    """Of shop 0 the most rows, of each next one fewer, of those from 200 on one; ``more`` rows of some."""
    counts = np.maximum(201 - np.arange(VALUES), 1)
    for shop, rows in more.items():
        counts[shop] += rows
    return pa.table({"shop": [f"s{number:05}" for number in np.repeat(np.arange(VALUES), counts)]})


@pytest.fixture(scope="module")
def refreshed(lake: Lake) -> list[tuple[Refreshed, set[str]]]:
    """Three snapshots, each written anew, and the slices of each: two neighbours have changed places, then a shop came from nowhere."""
    found = []
    for more in ({}, {100: 3}, {100: 3, 9_000: 500}):
        lake.land("clicks", clicks(more=more), anew=True)
        told = lake.refresh(MONITOR)
        rows = lake.profile("clicks", slice_key="shop", column_name=":table", logging_table_commit_version=told.version)
        found.append((told, {row["slice_value"] for row in rows}))
    return found


def test_the_hundred_most_frequent_are_profiled_and_a_note_says_so(refreshed: list[tuple[Refreshed, set[str]]]) -> None:
    told, slices = refreshed[0]

    assert slices == {f"s{number:05}" for number in range(100)}
    assert told.notes == (NOTE,)


def test_a_neighbour_that_got_a_few_rows_more_pushes_no_value_out(refreshed: list[tuple[Refreshed, set[str]]]) -> None:
    told, slices = refreshed[1]

    assert slices == refreshed[0][1]
    assert told.notes == (NOTE,)


def test_a_value_that_is_far_up_gets_in_for_the_last_one(refreshed: list[tuple[Refreshed, set[str]]]) -> None:
    assert refreshed[2][1] == refreshed[0][1] - {"s00099"} | {"s09000"}
