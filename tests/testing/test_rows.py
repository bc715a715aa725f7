"""Rows as tests write them against the types of a table, without a session."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from goldlane.errors import UsageError
from goldlane.testing.rows import arrow_rows

NOON, DAY = datetime(2024, 1, 31, 12), date(2024, 1, 31)  # noqa: DTZ001  as tests write them: UTC


@pytest.mark.parametrize(
    "given,kind,back",
    [
        (2.0, pa.int64(), 2),
        (0.1, pa.float32(), 0.10000000149011612),
        (3, pa.float64(), 3.0),
        (5, pa.decimal128(10, 2), Decimal("5.00")),
        (datetime(2024, 1, 31), pa.date32(), DAY),  # noqa: DTZ001  as above
        ({"a": 1}, pa.struct([("a", pa.int32()), ("b", pa.string())]), {"a": 1, "b": None}),
        ({"k": 0.1}, pa.map_(pa.string(), pa.float32()), [("k", 0.10000000149011612)]),
        ([1, None], pa.list_(pa.float32()), [1.0, None]),
    ],
)
def test_a_value_that_its_type_holds_is_taken(given: Any, kind: pa.DataType, back: Any) -> None:
    assert arrow_rows([{"c": given}], None, pa.schema([("c", kind)]), table="t").to_pylist() == [{"c": back}]


@pytest.mark.parametrize(
    "given,kind",
    [
        (2.5, pa.int64()),
        ({"k": 2.5}, pa.map_(pa.string(), pa.int64())),
        (NOON, pa.date32()),
        ({"a": 1, "zz": 2}, pa.struct([("a", pa.int64())])),
        ([[2.5]], pa.list_(pa.list_(pa.int8()))),
    ],
)
def test_a_value_that_would_be_cut_is_refused(given: Any, kind: pa.DataType) -> None:
    with pytest.raises(UsageError, match=r"column c: .* would become "):
        arrow_rows([{"c": given}], None, pa.schema([("c", kind)]), table="t")
