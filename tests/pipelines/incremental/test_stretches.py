"""The files of a view follow its time, and go on doing so: a refresh by key writes the files of the touched stretches and no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldlane.pipelines.incremental.filebounds import Files
from goldlane.pipelines.incremental.stretches import cuts_in_place, cuts_of

QUERIES = """
from pyspark.sql import functions as F

def days(read):
    return read("orders").groupBy("customer", F.to_date("at").alias("day")).agg(F.sum("amount").alias("amount"))

ALL = {"days": days}
"""
BOUNDS = st.tuples(st.integers(-(10**17), 10**17), st.integers(0, 10**16)).map(lambda ends: (ends[0], ends[0] + ends[1]))
FILES = st.lists(st.tuples(st.integers(1, 10**6), st.none() | BOUNDS), min_size=1, max_size=20)


@given(files=FILES, wanted=st.integers(2, 256))
def test_cuts_lie_inside_in_order_and_are_not_more_than_wanted(files: list[tuple[int, tuple[int, int] | None]], wanted: int) -> None:
    rows, bounds = zip(*files, strict=True)
    known = [bound for bound in bounds if bound is not None]

    cuts = cuts_of(Files(rows, bounds), wanted)

    assert list(cuts) == sorted(set(cuts))
    assert len(cuts) < wanted
    assert all(min(low for low, _ in known) < cut <= max(high for _, high in known) for cut in cuts)


def test_stretches_hold_as_many_rows_as_others_however_the_files_lie() -> None:
    one_file_a_day = Files((100,) * 30, tuple((day * 1000, day * 1000 + 999) for day in range(30)))
    one_file = Files((3000,), ((0, 29_999),))
    busy_end = Files((100, 900), ((0, 999), (1000, 1999)))

    assert cuts_of(one_file_a_day, 3) == pytest.approx((10_000, 20_000), abs=20)
    assert cuts_of(one_file, 3) == pytest.approx((10_000, 20_000), abs=20)
    assert cuts_of(busy_end, 2) == pytest.approx((1444,), abs=5)


@pytest.mark.parametrize("files", [Files((), ()), Files((5,), (None,)), Files((5,), ((7, 7),))], ids=["none", "only NULL", "one instant"])
def test_what_cannot_be_cut_is_one_stretch(files: Files) -> None:
    assert cuts_of(files, 8) == ()


def test_what_takes_the_place_of_files_is_cut_where_they_began_and_where_the_table_ended() -> None:
    files = Files((10, 10, 120_000, 10), ((0, 9), (10, 19), (20, 39), None), ("a", "b", "compacted", "nulls"))

    assert cuts_in_place(files, {"a", "b"}) == (10, 40)
    assert cuts_in_place(files, {"b", "nulls"}) == (40,)
    assert cuts_in_place(files, set()) == ()
    assert cuts_in_place(files, {"a", "compacted"}) == pytest.approx((20, 30, 40), abs=1)


SENTINEL = 2**63 - 1
TWICE = """
from pyspark.sql import functions as F

def twice(read):
    return read("orders").where("id < 1000").groupBy(F.expr("id * 2").alias("twice")).count()

ALL = {"twice": twice}
"""


@pytest.mark.slow
def test_a_key_that_overflows_on_rows_that_the_query_leaves_out_costs_only_the_layout(new_lane: Callable[..., Any]) -> None:
    lane = new_lane(TWICE)
    lane.append("orders", lane.order(1, "a"), lane.order(SENTINEL, "nobody"))
    lane.append("customers", {"customer": "a", "name": "A"})

    update = lane.run()

    assert lane.wrong(update) == {}


@pytest.mark.slow
def test_a_refresh_leaves_the_files_of_untouched_stretches(new_lane: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from goldlane.pipelines.incremental import stretches

    monkeypatch.setattr(stretches, "ROWS_OF_STRETCH", 4)
    lane = new_lane(QUERIES)
    lane.append("customers", {"customer": "a", "name": "A"})
    for day in range(10):
        lane.append("orders", *(lane.order(10 * day + number, "abcd"[number], day=day) for number in range(4)))
    lane.run()
    whole = files_of(lane, "days")
    assert len(whole) >= 8

    for day in (10, 11):
        lane.append(
            "orders", lane.order(10 * day, "a", day=day), lane.order(10 * day + 1, None, day=2), lane.order(10 * day + 2, "b", day=5)
        )
        before = files_of(lane, "days")
        update = lane.run()

        kept = before & files_of(lane, "days")
        assert lane.plans(update)["days"]["technique"] == "GENERIC_AGGREGATE"
        assert lane.wrong(update) == {}
        assert lane.counted(update) == {"days": 3}
        assert len(kept) >= len(before) - 3, "days 2 and 5 were touched, and the new day's neighbour at most"
        assert len(before - kept) >= 2


def files_of(lane: Any, view: str) -> set[str]:
    """The files of a view now."""
    return {str(path) for path in lane.stored(view).file_uris()}
