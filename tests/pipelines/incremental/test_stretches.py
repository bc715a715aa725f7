"""Where the files of a view are cut, so that each holds one stretch of its time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldlane.pipelines.incremental.filebounds import Files
from goldlane.pipelines.incremental.stretches import cuts_of

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
