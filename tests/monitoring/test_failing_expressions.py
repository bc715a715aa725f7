"""Slicing expressions and custom metrics that fail on a row: they are left out and named, and everything else comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from goldlane.monitoring import CustomMetric, Monitor, TimeSeries

if TYPE_CHECKING:
    from conftest import Lake
    from goldlane.monitoring.refreshing import Refreshed

pytestmark = pytest.mark.slow  # two refreshes of two granularities, of six rows
DAY_US = 86_400_000_000
MONDAY = 20_003 * DAY_US


def aggregate(name: str, definition: str) -> CustomMetric:
    return CustomMetric(kind="aggregate", name=name, input_columns=":table", definition=definition)  # type: ignore[arg-type]


MONITOR = Monitor(
    table="orders",
    profile=TimeSeries(timestamp="at", granularities=("1 day", "1 week")),
    slicing=("country", "10 DIV pieces", "CAST(code AS INT) > 5", "nowhere"),
    custom_metrics=(aggregate("each", "sum(1 / pieces)"), aggregate("unsaid", "avg({{nobody}})"), aggregate("all", "sum(pieces)")),
    baseline="reference",
)


def orders(day: int, *rows: tuple[str, int, str]) -> pa.Table:
    """Rows of a day: a country, pieces, and a code."""
    countries, pieces, codes = (list(column) for column in zip(*rows, strict=True))
    at = pa.array([MONDAY + day * DAY_US] * len(rows), pa.timestamp("us", "UTC"))
    return pa.table({"at": at, "country": countries, "pieces": pieces, "code": codes})


@pytest.fixture(scope="module")
def refreshed(lake: Lake) -> tuple[Refreshed, Refreshed]:
    """Of a day on which two of the expressions fail, and of the next, on which none does; the baseline's codes are no numbers."""
    lake.land("reference", orders(0, ("FR", 1, "x"), ("DE", 2, "y")))
    lake.land("orders", orders(0, ("FR", 0, "1"), ("FR", 2, "none"), ("DE", 5, "9")))
    first = lake.refresh(MONITOR)
    lake.land("orders", orders(1, ("FR", 5, "1"), ("FR", 2, "7"), ("DE", 5, "9")))
    return first, lake.refresh(MONITOR)


def slices(lake: Lake, key: str, granularity: str | None = "1 day") -> dict[tuple[int | None, str], dict[str, Any]]:
    """The rows about all columns of an expression's slices, by day (None: the baseline) and value."""
    rows = lake.profile("orders", slice_key=key, column_name=":table", granularity=granularity)
    return {((row["window"]["start"].day if row["window"] else None), row["slice_value"]): row for row in rows}


@pytest.mark.parametrize(
    "expression, why", [("10 DIV pieces", "DIVIDE_BY_ZERO"), ("CAST(code AS INT) > 5", "CAST_INVALID_INPUT"), ("nowhere", "UNRESOLVED")]
)
def test_an_expression_that_fails_is_left_out_with_its_reason(refreshed: tuple[Refreshed, Refreshed], expression: str, why: str) -> None:
    (note,) = (note for note in refreshed[0].notes if note.startswith(f"slicing expression {expression!r} is left out: "))

    assert why in note
    assert "\n" not in note


def test_the_slices_of_the_others_and_the_columns_come_out(refreshed: tuple[Refreshed, Refreshed], lake: Lake) -> None:
    assert refreshed[0].profile_rows > 0
    first = {value: row["count"] for (day, value), row in slices(lake, "country").items() if day == 7}
    assert first == {"FR": 2, "DE": 1}
    assert {row["column_name"] for row in lake.profile("orders")} == {":table", "at", "country", "pieces", "code"}


def test_it_is_back_in_the_windows_that_it_does_not_fail_on(refreshed: tuple[Refreshed, Refreshed], lake: Lake) -> None:
    assert not refreshed[1].is_whole
    assert {key: row["count"] for key, row in slices(lake, "10 DIV pieces").items()} == {(8, "2"): 2, (8, "5"): 1}
    assert [note for note in refreshed[1].notes if note.startswith("slicing expression")] == [
        note for note in refreshed[0].notes if note.startswith("slicing expression 'nowhere'")
    ]


def test_a_baseline_that_it_fails_on_has_no_slices_of_it(refreshed: tuple[Refreshed, Refreshed], lake: Lake) -> None:
    assert {key[1] for key in slices(lake, "country", None)} == {"FR", "DE"}
    assert slices(lake, "CAST(code AS INT) > 5", None) == {}
    told = "the baseline reference cannot be cut by 'CAST(code AS INT) > 5'; its slices have no baseline: "
    assert any(note.startswith(told) for note in refreshed[1].notes)


def test_metrics_that_fail_on_a_row_or_do_not_render_are_null_and_named(refreshed: tuple[Refreshed, Refreshed], lake: Lake) -> None:
    notes = "\n".join(refreshed[0].notes)

    assert "custom metric 'each': [DIVIDE_BY_ZERO]" in notes
    assert "custom metric 'unsaid' does not render: 'nobody' is undefined" in notes
    first, second = lake.profile("orders", granularity="1 day", column_name=":table")
    assert (first["each"], first["unsaid"], first["all"]) == (None, None, 7.0)
    assert (second["each"], second["unsaid"], second["all"]) == (None, None, 12.0)


def test_a_slice_of_a_wider_window_that_holds_the_row_has_what_state_knows_and_no_metrics_of_rows(
    refreshed: tuple[Refreshed, Refreshed], lake: Lake
) -> None:
    assert refreshed[1].drift_rows > 0
    week = slices(lake, "10 DIV pieces", "1 week")
    assert {value: (row["count"], row["all"]) for (_, value), row in week.items()} == {"2": (2, None), "5": (1, None)}
    assert {value: row["all"] for (_, value), row in slices(lake, "country", "1 week").items()} == {"FR": 9.0, "DE": 10.0}
