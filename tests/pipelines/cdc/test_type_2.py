from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import Row

from goldlane.pipelines.cdc import CdcError, Changes, RefusedChangesError
from goldlane.pipelines.cdc.target import Target


def test_updates_of_an_untracked_column_leave_one_row_with_the_last_value_before_the_next_tracked_change(flow: Callable[..., Any]) -> None:
    customers = flow("k int, v string, hits int, seq int, op string", scd_type=2, track_history_except_column_list=("hits",))
    customers.apply([(1, "a", n, n, "U") for n in range(1, 50, 2)] + [(2, "a", 5, 5, "U"), (2, "b", 7, 7, "U")])

    late_start_of_2 = (2, "a", 3, 3, "U")
    changes = customers.apply([(1, "a", n, n, "U") for n in range(2, 51, 2)] + [(1, "b", 51, 51, "U"), late_start_of_2])

    assert changes.deleted == 1
    assert customers.rows() == [(1, "a", 50, 1, 51), (1, "b", 51, 51, None), (2, "a", 5, 3, 7), (2, "b", 7, 7, None)]


@pytest.mark.slow
def test_late_events_split_and_close_versions_deletes_end_them_and_a_crash_in_between_is_mended(
    flow: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    customers = flow(scd_type=2)
    split = [(1, "a", 1, "U"), (1, "a", 5, "U"), (1, "c", 7, "U"), (2, None, 4, "D")]
    customers.apply([*split, (3, "a", 1, "U"), (3, "ignored", 3, "D"), (4, "a", 1, "U"), (4, "c", 3, "U")])
    batch = [(1, "b", 3, "U"), (2, "late", 2, "U"), (3, "lives again", 6, "U"), (4, "b", 2, "U"), (5, "n", 1, "U")]
    with monkeypatch.context() as broken:
        broken.setattr(Target, "merge", _crash)
        with pytest.raises(InterruptedError):
            customers.apply(batch)

    repeated, again = customers.apply(batch), customers.apply(batch)

    assert (repeated, again) == (Changes(upserted=8, deleted=0), Changes(upserted=0, deleted=0))
    assert [row[1:] for row in customers.rows() if row[0] == 1] == [("a", 1, 3), ("a", 5, 7), ("b", 3, 5), ("c", 7, None)]
    assert [row[1:] for row in customers.rows() if row[0] == 2] == [("late", 2, 4)]
    assert [row[1:] for row in customers.rows() if row[0] == 3] == [("a", 1, 3), ("lives again", 6, None)]
    assert [row[1:] for row in customers.rows() if row[0] == 4] == [("a", 1, 2), ("b", 2, 3), ("c", 3, None)]
    assert [row[1:] for row in customers.rows() if row[0] == 5] == [("n", 1, None)]


def _crash(*_: object) -> None:
    raise InterruptedError


def test_a_sequence_of_two_columns_gives_bounds_of_two_fields(flow: Callable[..., Any]) -> None:
    customers = flow(
        "k int, v string, day int, n int, op string", scd_type=2, sequence_by="struct(day, n)", except_column_list=("day", "n", "op")
    )

    customers.apply([(1, "c", 2, 1, "U"), (1, "a", 1, None, "U")])
    customers.apply([(1, "b", 1, 9, "U")])

    first, second, third = Row(day=1, n=None), Row(day=1, n=9), Row(day=2, n=1)
    assert customers.rows() == [(1, "a", first, second), (1, "b", second, third), (1, "c", third, None)]


@pytest.mark.slow
def test_refused_rows_leave_history_and_memory_as_they_were(flow: Callable[..., Any]) -> None:
    customers = flow(scd_type=2)
    customers.apply([(1, "a", 1, "U")])

    with pytest.raises(RefusedChangesError, match=r"1 row with a NULL key .k.; 1 row with a NULL sequence"):
        customers.apply([(None, "b", 2, "U"), (1, "c", None, "U"), (1, "d", 3, "U")])
    customers.apply([(1, "e", 2, "U")])

    assert customers.rows() == [(1, "a", 1, 2), (1, "e", 2, None)]


@pytest.mark.slow
def test_columns_that_appear_later_are_added_and_are_null_in_older_versions(flow: Callable[..., Any]) -> None:
    customers = flow(scd_type=2)
    customers.apply([(1, "a", 1, "U")])

    customers.apply([(1, "a", 7, 2, "U")], "k int, v string, n int, seq int, op string")

    assert customers.rows("k", "v", "n", "__START_AT", "__END_AT") == [(1, "a", 7, 2, None), (1, "a", None, 1, 2)]


def test_a_declared_target_must_have_bounds_of_the_type_of_the_sequence(flow: Callable[..., Any]) -> None:
    customers = flow(scd_type=2)
    empty = customers.spark.createDataFrame([], "k int, v string, __START_AT timestamp")
    empty.write.format("delta").save(str(customers.folder / "target"))

    with pytest.raises(CdcError) as caught:
        customers.apply([(1, "a", 1, "U")])

    assert "it lacks the column __END_AT" in str(caught.value)
    assert "__START_AT is timestamp, the sequence is int" in str(caught.value)
