"""Which windows a change reaches, in numbers only."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from goldlane.monitoring.affected import affected, windows_condition
from goldlane.monitoring.granularities import granularity


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    "name, start, end",
    [
        ("5 minutes", "2026-02-28T13:35:00", "2026-02-28T13:40:00"),
        ("1 hour", "2026-02-28T13:00:00", "2026-02-28T14:00:00"),
        ("1 day", "2026-02-28T00:00:00", "2026-03-01T00:00:00"),
        ("1 week", "2026-02-23T00:00:00", "2026-03-02T00:00:00"),
        ("1 month", "2026-02-01T00:00:00", "2026-03-01T00:00:00"),
        ("1 year", "2026-01-01T00:00:00", "2027-01-01T00:00:00"),
    ],
    ids=lambda value: value.replace(":", "-"),
)
def test_a_window_begins_and_ends_where_the_calendar_says(name: str, start: str, end: str) -> None:
    width = granularity(name)

    assert (width.start_of(us("2026-02-28T13:37:01")), width.end_of(us(start))) == (us(start), us(end))


def test_windows_before_1970_begin_before_what_they_hold() -> None:
    assert granularity("1 day").start_of(-1) == us("1969-12-31T00:00:00")


def test_a_change_reaches_the_window_after_it_and_is_compared_with_the_one_before() -> None:
    days = [us(f"2026-01-0{day}T00:00:00") for day in (1, 2, 4, 5)]

    reached = affected({"whole": days}, [days[1]], granularity("1 day"))

    assert (reached.profiled, reached.drifted, reached.compared) == ({days[1]}, {days[1], days[2]}, {days[0], days[1]})


def test_the_window_after_one_that_went_is_compared_anew() -> None:
    days = [us(f"2026-01-0{day}T00:00:00") for day in (1, 3)]

    reached = affected({"whole": days}, [us("2026-01-02T00:00:00")], granularity("1 day"))

    assert days[1] in reached.drifted
    assert days[0] in reached.compared


def test_a_slice_has_a_next_window_of_its_own() -> None:
    days = [us(f"2026-01-0{day}T00:00:00") for day in (1, 2, 5)]

    reached = affected({"whole": days[:2], "rare": [days[0], days[2]]}, [days[0]], granularity("1 day"))

    assert reached.drifted == frozenset(days)


def test_one_day_changed_reaches_its_week() -> None:
    monday = us("2026-01-05T00:00:00")

    reached = affected({"whole": [monday, us("2026-01-07T00:00:00")]}, [us("2026-01-07T00:00:00")], granularity("1 week"))

    assert reached.profiled == {monday}


def test_no_window_is_no_row() -> None:
    assert windows_condition([(granularity("1 day"), ())]) == "false"
