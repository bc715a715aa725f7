"""Rules out of profiles that no table of a test suite would have: whatever was seen, the rules are ones and let it in."""

from __future__ import annotations

import json
import math
import re
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from goldlane.expectations import Rules
from goldlane.expectations.profiles import ColumnProfile, Profile
from goldlane.expectations.profiling import RANKS
from goldlane.expectations.suggesting import rules_of
from goldlane.expectations.suggestions import Suggestions


def suggested(column: ColumnProfile, rows: int) -> Suggestions:
    return rules_of(Profile(rows=rows, columns=(column,)))


def numbers(seen: list[float]) -> ColumnProfile:
    """The profile of a few doubles; quantiles as an exact sketch has them."""
    ordered = sorted(seen)
    quantiles = {rank: ordered[min(len(ordered) - 1, math.floor(rank * len(ordered)))] for rank in RANKS}
    return ColumnProfile(name="n", type="double", nulls=0, quantiles=quantiles, rank_error=1e-4)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(seen=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
@example(seen=[5e-324])
@example(seen=[1e-310, 2e-310])
@example(seen=[1.7976931348623157e308, -1.7976931348623157e308])
@example(seen=[0.1 + 0.2])
def test_whatever_numbers_were_seen_lie_in_the_range_and_its_source_is_python(seen: list[float]) -> None:
    found = suggested(numbers(seen), len(seen))

    names: dict[str, Any] = {}
    exec(str(found), names)  # noqa: S102  the source is ours
    _, low, *high = found.suggested[1].arguments
    assert names["SUGGESTED"] == Rules(*found)
    assert low <= min(seen)
    assert max(seen) <= (high[0] if high else math.inf)


@pytest.mark.parametrize(
    "first,last,predicate",
    [
        (date(2020, 5, 17), None, "t >= DATE'2015-01-01'"),
        (None, date(2020, 5, 17), "t <= DATE'2026-01-01'"),
        (date(1, 1, 1), date(9999, 12, 31), "t >= DATE'0001-01-01'"),
        (None, None, None),
    ],
)
def test_days_that_python_does_not_have_leave_their_end_open(first: date | None, last: date | None, predicate: str | None) -> None:
    found = suggested(ColumnProfile(name="t", type="date", nulls=0, least=first, most=last), 100)

    assert [rule.predicate for rule in found[1:]] == [predicate][: predicate is not None]


CODES = tuple((code, 3_000) for code in ("DE", "FR", "IT"))


def test_what_only_a_few_rows_hold_is_in_no_source() -> None:
    secret = "ada@example.org"  # noqa: S105  what somebody typed into the wrong field
    country = ColumnProfile(
        name="country",
        type="string",
        nulls=0,
        values=(*CODES, (secret, 1)),
        shapes=(("AA", 9_000), ("aaa@aaaaaaa.aaa", 1)),
        lengths=(2, 15),
    )
    born = ColumnProfile(name="born", type="date", nulls=0, least=date(1911, 3, 14), most=date(2008, 7, 2))
    salary = numbers([1234.5 + step for step in range(1000)] + [98765.4321])

    found = rules_of(Profile(rows=9_001, columns=(country, born, salary)))

    assert found[1].predicate == "country IN ('DE', 'FR', 'IT')"
    assert "Rarer values are left out; 1 of these rows held one." in found[1].why
    assert not re.search("ada@|1911-03|03-14|2008-07|07-02|98765|98,765", str(found) + json.dumps([rule.why for rule in found]))
