"""Which windows are compared, and what a row of drift says; over state rows made by hand, without Spark."""

from __future__ import annotations

import struct
from datetime import datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest

from goldlane.monitoring.comparisons import compared, with_pvalues
from goldlane.monitoring.errors import MonitoringError
from goldlane.monitoring.sketches import kll_distribution

DAY = datetime(2026, 1, 5, tzinfo=timezone.utc)
WINDOW = pa.struct([("start", pa.timestamp("us", "UTC")), ("end", pa.timestamp("us", "UTC"))])
STATE = pa.schema(
    [
        ("log_type", pa.string()),
        ("window", WINDOW),
        *[(name, pa.string()) for name in ("granularity", "slice_key", "slice_value", "model_id", "column_name", "data_type", "kind")],
        *[(name, pa.int64()) for name in ("rows", "nulls", "zeros", "finite", "other", "distinct")],
        ("mean", pa.float64()),
        ("kll", pa.binary()),
        ("items", pa.list_(pa.struct([("item", pa.string()), ("count", pa.int64())]))),
        ("changed", pa.bool_()),
    ]
)


def days(first: int) -> dict[str, datetime]:
    return {"start": DAY + timedelta(days=first), "end": DAY + timedelta(days=first + 1)}


def state(day: int | None, column: str = ":table", **facts: Any) -> dict[str, Any]:
    window = {"log_type": "BASELINE"} if day is None else {"log_type": "INPUT", "window": days(day), "granularity": "1 day"}
    return {"column_name": column, "kind": "table", "rows": 4, "changed": day is not None} | window | facts


def sketch(values: list[float]) -> bytes:
    """As Spark writes one of fewer values than its k; test_drift.py holds the reader against real ones."""
    preamble = struct.pack("<BBBBHBBqHBB", 5, 1, 15, 0, 4000, 8, 0, len(values), 4000, 1, 0)
    return preamble + struct.pack("<i", 4000 - len(values)) + struct.pack(f"<{len(values) + 2}d", min(values), max(values), *values)


def numbers(day: int | None, values: list[float], **facts: Any) -> dict[str, Any]:
    mean = sum(values) / len(values) if values else None
    counted = {"rows": len(values), "nulls": 0, "zeros": values.count(0.0), "finite": len(values), "distinct": len(set(values))}
    kept = {"mean": mean, "kll": sketch(values) if values else None}
    return state(day, "amount", kind="numeric", data_type="double", **counted, **kept) | facts


def letters(day: int | None, counts: dict[str, int], **facts: Any) -> dict[str, Any]:
    items = [{"item": item, "count": count} for item, count in counts.items()]
    counted = {"rows": sum(counts.values()), "nulls": 0, "distinct": len(counts), "other": 0, "items": items}
    return state(day, "country", kind="categorical", data_type="string", **counted) | facts


def drift(*states: dict[str, Any]) -> list[dict[str, Any]]:
    return with_pvalues(list(compared([pa.RecordBatch.from_pylist(list(states), schema=STATE)])))


def heads(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["window"]["start"].day, row["window_cmp"] and row["window_cmp"]["start"].day, row["drift_type"]) for row in rows]


def test_a_window_is_compared_with_the_one_before_it_that_exists() -> None:
    rows = drift(state(0), state(1), state(4))

    assert heads(rows) == [(6, 5, "CONSECUTIVE"), (9, 6, "CONSECUTIVE")]


def test_every_window_is_compared_with_the_baseline_which_has_no_window() -> None:
    rows = drift(state(None), state(0), state(1))

    assert heads(rows) == [(5, None, "BASELINE"), (6, 5, "CONSECUTIVE"), (6, None, "BASELINE")]


def test_only_a_changed_window_and_the_one_after_it_are_compared_anew() -> None:
    rows = drift(state(None), *(state(day, changed=day == 1) for day in range(4)))

    assert heads(rows) == [(6, 5, "CONSECUTIVE"), (6, None, "BASELINE"), (7, 6, "CONSECUTIVE")]


def test_slices_models_and_granularities_are_never_compared_with_each_other() -> None:
    apart = [{"slice_key": "country", "slice_value": "FR"}, {"model_id": "2"}, {"granularity": "1 hour"}]

    assert drift(state(0), *(state(1, **other) for other in apart)) == []


def test_a_slice_is_compared_with_the_same_slice_of_the_baseline() -> None:
    french = {"slice_key": "country", "slice_value": "FR"}

    rows = drift(state(None), state(0), state(None, **french, rows=1), state(0, **french))

    assert [(row["slice_value"], row["count_delta"]) for row in rows] == [(None, 0), ("FR", 3)]


def test_a_slice_that_the_baseline_lacks_is_not_compared_with_another_ones() -> None:
    rows = drift(state(None), state(0), state(0, slice_key="country", slice_value="FR"))

    assert [row["slice_value"] for row in rows] == [None]


def test_a_numeric_column_carries_its_deltas_and_three_statistics() -> None:
    (row,) = drift(numbers(0, [0.0, 1.0, 2.0, 3.0]), numbers(1, [1.0, 2.0, 3.0, 4.0, 4.0]))

    assert row["ks_test"]["statistic"] == pytest.approx(0.4)
    assert 0 < row["ks_test"]["pvalue"] < 1
    assert row["wasserstein_distance"] == pytest.approx(1.3)
    assert row["population_stability_index"] > 0
    assert (row["count_delta"], row["avg_delta"], row["percent_zeros_delta"]) == (1, pytest.approx(1.3), -25.0)
    assert row["percent_distinct_delta"] == pytest.approx(-20.0)
    assert not {"js_distance", "tv_distance", "l_infinity_distance", "chi_squared_test"} & set(row)


def test_a_categorical_column_carries_four_statistics_and_no_average() -> None:
    (row,) = drift(letters(0, {"FR": 3, "DE": 1}), letters(1, {"FR": 1, "DE": 3}))

    assert (row["tv_distance"], row["l_infinity_distance"]) == (0.5, 0.5)
    assert row["js_distance"] > 0
    assert row["chi_squared_test"]["statistic"] == pytest.approx(2.0)
    assert row["avg_delta"] is None
    assert not {"ks_test", "wasserstein_distance", "population_stability_index"} & set(row)


def test_a_timestamp_is_compared_by_its_counts_only() -> None:
    paid = {"kind": "timestamp", "data_type": "timestamp", "mean": 1.7e9, "finite": 4, "nulls": 0, "distinct": 4}

    (row,) = drift(state(0, "paid_at", **paid), state(1, "paid_at", **{**paid, "rows": 8}))

    assert (row["count_delta"], row["percent_distinct_delta"], row["percent_null_delta"]) == (4, -50.0, 0.0)
    assert (row["avg_delta"], row["percent_zeros_delta"]) == (None, None)
    assert "ks_test" not in row


def test_the_table_row_counts_rows_and_columns_that_have_values() -> None:
    before = [state(0), letters(0, {"FR": 4}), numbers(0, [], rows=4, nulls=4)]
    now = [state(1, rows=3), letters(1, {}, rows=3, nulls=3), numbers(1, [1.0, 2.0, 3.0])]

    row = drift(*before, *now)[0]

    assert row["column_name"] == ":table"
    assert row["count_delta"] == -1
    assert row["non_null_columns_delta"] == {"added": 1, "missing": 1}
    assert row["percent_null_delta"] is None


def test_a_column_that_became_all_null_keeps_its_deltas() -> None:
    (row,) = drift(numbers(0, [1.0, 2.0]), numbers(1, [], rows=2, nulls=2, distinct=0))

    assert (row["count_delta"], row["percent_null_delta"], row["avg_delta"]) == (-2, 100.0, None)
    assert "ks_test" not in row


def test_null_is_counted_among_all_rows_and_zeros_among_values() -> None:
    (row,) = drift(numbers(0, [0.0, 1.0, 2.0], rows=4, nulls=1), numbers(1, [0.0, 1.0], rows=4, nulls=2))

    assert row["percent_null_delta"] == 25.0
    assert row["percent_zeros_delta"] == pytest.approx(100 / 2 - 100 / 3)


def test_a_column_that_changed_its_type_has_deltas_and_no_statistic() -> None:
    (row,) = drift(numbers(0, [1.0, 2.0]), letters(1, {"one": 2}, column_name="amount", nulls=1, rows=3))

    assert (row["count_delta"], row["data_type"]) == (0, "string")
    assert row["percent_null_delta"] == pytest.approx(100 / 3)
    assert not {"ks_test", "tv_distance", "js_distance"} & set(row)


def test_an_integer_that_became_a_double_is_still_a_number() -> None:
    (row,) = drift(numbers(0, [1.0, 2.0], data_type="int"), numbers(1, [1.0, 2.0]))

    assert row["ks_test"]["statistic"] == 0.0


def test_a_column_that_appears_has_no_row_of_its_own_until_it_can_be_compared() -> None:
    rows = drift(state(0), state(1), numbers(1, [1.0]), state(2), numbers(2, [2.0]))

    assert [(row["column_name"], row["window"]["start"].day) for row in rows] == [(":table", 6), (":table", 7), ("amount", 7)]
    assert rows[0]["non_null_columns_delta"] == {"added": 1, "missing": 0}


def test_batches_may_end_in_the_middle_of_a_window() -> None:
    rows = [state(0), numbers(0, [1.0]), state(1), numbers(1, [3.0])]
    batches = [pa.RecordBatch.from_pylist([row], schema=STATE) for row in rows]

    assert [row["column_name"] for row in compared(batches)] == [":table", "amount"]


def test_bytes_that_are_no_sketch_name_what_to_do() -> None:
    with pytest.raises(MonitoringError, match=r"no KLL sketch of doubles.*delete the monitor's state"):
        kll_distribution(b"\x05\x01\x07\x00nonsense and more")


def test_a_sketch_that_was_cut_short_is_told() -> None:
    with pytest.raises(MonitoringError, match="stand for 2 values, not for 3"):
        kll_distribution(sketch([1.0, 2.0, 3.0])[:-8])
