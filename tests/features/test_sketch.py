"""Distinct values from the smallest of their hashes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from goldlane.features.sketch import SIZE, distinct_values, union

HASHES = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=50)


def spread_out(values: range) -> list[int]:
    """Numbers all over 64 bits, in no order, each for one value."""
    return [(value * 0x9E3779B97F4A7C15 + 0x1234567) % 2**64 - 2**63 for value in values]


@given(left=HASHES, middle=HASHES, right=HASHES)
def test_sketches_merge_in_any_order(left: list[int], middle: list[int], right: list[int]) -> None:
    assert union(union(left, middle), right) == union(left, union(right, middle))


def test_fewer_values_than_the_size_are_counted() -> None:
    hashes = spread_out(range(SIZE - 1))

    assert distinct_values(union(hashes[:600], hashes[400:])) == SIZE - 1


def test_more_values_are_estimated_from_hashes_of_a_fixed_number() -> None:
    sketch = union(spread_out(range(60_000)), spread_out(range(40_000, 100_000)))

    assert len(sketch) == SIZE
    assert abs(distinct_values(sketch) - 100_000) < 100_000 * 4 / (SIZE - 2) ** 0.5
