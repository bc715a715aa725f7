from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from goldlane.pipelines.cdc import Changes
from goldlane.pipelines.cdc.target import Target

DDL = "k int, a string, b string, seq int, op string"


@pytest.mark.slow
def test_a_null_leaves_the_newest_older_value_whenever_that_arrives(flow: Callable[..., Any]) -> None:
    customers = flow(DDL, ignore_null_updates=True)

    customers.apply([(1, None, "b3", 3, "U"), (2, "a1", "b1", 1, "U")])
    customers.apply([(1, "a1", "b1", 1, "U"), (2, None, None, 2, "D"), (2, None, "b3", 3, "U")])
    customers.apply([(1, "a2", None, 2, "U"), (2, "dead", "dead", 1, "U")])

    assert customers.rows() == [(1, "a2", "b3"), (2, None, "b3")]


@pytest.mark.parametrize("chosen", [{"ignore_null_updates_column_list": ("A",)}, {"ignore_null_updates_except_column_list": ("b",)}])
def test_nulls_are_ignored_in_the_chosen_columns_only(flow: Callable[..., Any], chosen: dict[str, Any]) -> None:
    customers = flow(DDL, **chosen)

    customers.apply([(1, None, None, 2, "U"), (1, "a", "b", 1, "U")])

    assert customers.rows() == [(1, "a", None)]


def test_an_event_writes_the_columns_that_it_names(flow: Callable[..., Any]) -> None:
    customers = flow(f"{DDL}, c array<string>", columns_to_update="c", except_column_list=("seq", "op", "c"))

    customers.apply([(1, None, "x", 3, "U", ["A"]), (2, "a", "b", 1, "U", None)])
    customers.apply([(1, "a1", "b1", 1, "U", None), (2, "x", None, 2, "U", ["b"])])

    assert customers.rows() == [(1, None, "b1"), (2, "a", None)]


@pytest.mark.slow
def test_after_a_crash_between_the_two_commits_the_repeated_batch_mends_the_table(
    flow: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    customers = flow(DDL, ignore_null_updates=True)
    batch = [(1, None, "b2", 2, "U"), (2, "x", None, 2, "D")]
    customers.apply([(1, "a1", "b1", 1, "U"), (2, "a1", None, 1, "U")])
    with monkeypatch.context() as broken:
        broken.setattr(Target, "merge", _crash)
        with pytest.raises(InterruptedError):
            customers.apply(batch)

    repeated, again = customers.apply(batch), customers.apply(batch)

    assert (repeated, again) == (Changes(upserted=1, deleted=1), Changes(upserted=0, deleted=0))
    assert customers.rows() == [(1, "a1", "b2")]


def _crash(*_: object) -> None:
    raise InterruptedError


@pytest.mark.slow
def test_events_remembered_before_updates_became_partial_count_as_whole_rows(flow: Callable[..., Any]) -> None:
    flow(DDL, scd_type=2).apply([(1, None, "b1", 2, "U"), (1, "a0", "b0", 1, "U")])
    customers = flow(DDL, scd_type=2, ignore_null_updates=True)

    customers.apply([(1, "a3", None, 3, "U")])

    assert customers.rows() == [(1, "a0", "b0", 1, 2), (1, "a3", "b1", 3, None), (1, None, "b1", 2, 3)]
