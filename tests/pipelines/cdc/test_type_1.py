from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from goldlane.errors import UsageError
from goldlane.pipelines.cdc import CdcError, Changes, RefusedChangesError, state
from goldlane.pipelines.cdc.state import Log


@pytest.mark.slow
def test_what_a_batch_changed_is_counted_a_repeated_one_changes_nothing_and_a_refused_one_leaves_all_as_it_was(
    flow: Callable[..., Any],
) -> None:
    customers = flow(where="v <> 'x' OR op = 'D'")
    batch = [(1, "new", 2, "U"), (2, "gone", 2, "D"), (3, "born", 1, "U"), (3, "grown", 2, "U")]
    refused = [(None, "b", 2, "U"), (None, "c", 2, "U"), (2, "d", None, "D"), (3, "x", 3, "U"), (4, None, 2, "U"), (1, "e", 3, "U")]
    first = customers.apply([(1, "old", 1, "U"), (2, "old", 1, "U")])

    second, again = customers.apply(batch), customers.apply(batch)
    with pytest.raises(RefusedChangesError) as caught:
        customers.apply(refused)

    assert (first, second, again) == (Changes(upserted=2, deleted=0), Changes(upserted=2, deleted=1), Changes(upserted=0, deleted=0))
    assert caught.value.rows == {"a NULL key (k)": 2, "a NULL sequence": 1, "a condition `where` that is not true": 2}
    assert "2 rows with a NULL key (k); 1 row with a NULL sequence" in str(caught.value)
    assert not isinstance(caught.value, UsageError)
    assert customers.rows() == [(1, "new"), (3, "grown")]
    assert customers.apply([(1, "f", 3, "U")]) == Changes(upserted=1, deleted=0)


@pytest.mark.slow
def test_after_a_crash_between_the_two_commits_the_repeated_batch_ends_in_the_same_table(
    flow: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    customers = flow()
    customers.apply([(1, "z", 1, "U"), (2, "z", 1, "U")])
    batch = [(1, "a", 1, "U"), (1, "m", 2, "U"), (2, None, 2, "D"), (3, "n", 1, "U")]
    with monkeypatch.context() as broken:
        broken.setattr(Log, "append", _crash)
        with pytest.raises(InterruptedError):
            customers.apply(batch)

    customers.apply(batch)
    customers.apply([(2, "late", 1, "U"), (3, "o", 1, "U"), (1, "a", 2, "U")])

    assert customers.rows() == [(1, "m"), (3, "o")]


def _crash(*_: object) -> None:
    raise InterruptedError


@pytest.mark.slow
def test_a_truncate_ends_all_up_to_its_sequence_and_late_events_stay_dead(flow: Callable[..., Any]) -> None:
    customers = flow(apply_as_truncates="op = 'T'")
    customers.apply([(1, "a", 1, "U"), (2, "b", 3, "U"), (3, "c", 5, "U")])

    truncated = customers.apply([(None, None, 3, "T"), (4, "d", 2, "U"), (5, "e", 4, "U")])
    customers.apply([(1, "late", 2, "U"), (6, "tied", 3, "U"), (7, "later", 4, "U")])

    assert truncated == Changes(upserted=1, deleted=2)
    assert customers.rows() == [(3, "c"), (5, "e"), (7, "later")]


@pytest.mark.slow
def test_a_tombstone_is_forgotten_when_its_time_is_over(flow: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "COMPACT_EVERY", 1)
    customers = flow(tombstone_ttl=timedelta(0))

    customers.apply([(1, None, 5, "D"), (2, "b", 5, "U")])
    customers.apply([(1, "late", 4, "U"), (2, "late", 4, "U")])

    assert customers.rows() == [(1, "late"), (2, "b")]


@pytest.mark.slow
def test_values_without_an_order_are_compared_by_their_json(flow: Callable[..., Any]) -> None:
    customers = flow("k int, m map<string, int>, v struct<n: map<string, int>>, seq int, op string")
    rows = [({"a": 1}, ({"x": 1},)), ({"a": 2}, None), ({"a": 1}, ({"x": 3},))]

    for forwards, backwards in zip(rows, reversed(rows), strict=True):
        customers.apply([(1, *forwards, 1, "U"), (2, *backwards, 1, "U")])

    assert customers.rows() == [(1, {"a": 2}, None), (2, {"a": 2}, None)]


@pytest.mark.slow
def test_columns_and_nested_fields_that_appear_later_are_added_to_the_target(flow: Callable[..., Any]) -> None:
    customers = flow("k int, s struct<a: int>, seq int, op string")
    customers.apply([(1, (1,), 1, "U"), (2, (2,), 1, "U")])

    customers.apply([(1, (1, "b"), 7, 2, "U")], "k int, s struct<a: int, b: string>, n int, seq int, op string")
    customers.apply([(2, (3,), 2, "U")])

    assert customers.rows() == [(1, (1, "b"), 7), (2, (3, None), None)]


def test_odd_names_and_other_spellings_are_understood(flow: Callable[..., Any]) -> None:
    odd = {"keys": ("THE.key",), "sequence_by": "Seq No", "except_column_list": ("seq no", "OP")}
    customers = flow("`the.key` int, `a``b` string, `seq no` int, op string", **odd)

    customers.apply([(1, "a", 1, "U"), (2, "b", 1, "U")])
    customers.apply([(1, "late", 0, "U"), (2, None, 2, "D")])

    assert customers.rows() == [(1, "a")]


def test_columns_that_delta_computes_are_left_to_it(flow: Callable[..., Any]) -> None:
    from delta.tables import DeltaTable

    customers = flow()
    path = str(customers.folder / "target")
    table = DeltaTable.create(customers.spark).location(path).addColumn("k", "int").addColumn("v", "string")
    table.addColumn("twice", "int", generatedAlwaysAs="k * 2").addColumn("note", "string").execute()

    customers.apply([(1, "a", 1, "U")])
    customers.apply([(1, "b", 2, "U"), (3, "c", 1, "U")])

    assert customers.rows() == [(1, "b", 2, None), (3, "c", 6, None)]


def test_a_state_kept_for_another_kind_of_flow_is_refused(flow: Callable[..., Any]) -> None:
    flow().apply([(1, "a", 1, "U")])

    with pytest.raises(CdcError, match=r"handles partial updates otherwise .full-refresh t"):
        flow(ignore_null_updates=True).apply([(1, "b", 2, "U")])
    with pytest.raises(CdcError, match="the sequence of t was int and is string now"):
        flow("k int, v string, seq string, op string").apply([(1, "b", "2", "U")])


def test_changes_need_a_target(flow: Callable[..., Any]) -> None:
    customers = flow()
    (customers.folder / "target").mkdir(parents=True)

    with pytest.raises(CdcError, match="the target t of the change flow is no Delta table yet"):
        customers.apply([(1, "a", 1, "U")])


@pytest.mark.slow
def test_a_state_that_is_lost_or_damaged_is_one_error_that_names_its_folder_and_the_way_out(flow: Callable[..., Any]) -> None:
    damaged, lost = flow(folder="damaged"), flow(folder="lost")
    damaged.apply([(1, "a", 1, "U")])
    shutil.copytree(damaged.folder / "target", lost.folder / "target")
    for file in (damaged.folder / "state" / "sequences").glob("*.parquet"):
        file.write_bytes(b"no parquet")
    for file in (damaged.folder / "state" / "sequences").glob(".*.crc"):
        file.unlink()

    with pytest.raises(CdcError, match=r"what AUTO CDC remembers of t cannot be read: .*damaged/state .full-refresh t"):
        damaged.apply([(1, "b", 2, "U")])
    with pytest.raises(CdcError, match=r"t has rows, and what AUTO CDC remembers of them is gone: .*lost/state .full-refresh t"):
        lost.apply([(1, "b", 2, "U")])

    assert damaged.rows() == lost.rows() == [(1, "a")]


def test_a_batch_that_fails_by_itself_is_not_blamed_on_the_state(flow: Callable[..., Any]) -> None:
    customers = flow(apply_as_deletes="CAST(op AS INT) = 1")

    with pytest.raises(Exception, match="CAST_INVALID_INPUT") as caught:
        customers.apply([(1, "a", 1, "U")])

    assert not isinstance(caught.value, CdcError)
