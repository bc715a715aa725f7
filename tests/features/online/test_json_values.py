"""Values are spelled alike wherever they are shown."""

from __future__ import annotations

import math
from datetime import date, datetime, timezone
from decimal import Decimal

import pytest

from goldlane.features.online.json_values import as_text, spelled

VALUES = [
    (True, "true"),
    (False, "false"),
    (2**63 - 1, "9223372036854775807"),
    (0.1, "0.1"),
    (math.nan, "NaN"),
    (-math.inf, "-Infinity"),
    ("NaN", "NaN"),
    (Decimal("0E-10"), "0.0000000000"),
    (Decimal("1E-8"), "0.00000001"),
    (date(1, 1, 1), "0001-01-01"),
    (datetime(2026, 1, 1, tzinfo=timezone.utc), "2026-01-01T00:00:00Z"),
    (b"\0\xff", "00ff"),
]


@pytest.mark.parametrize("value, text", VALUES, ids=[f"{type(value).__name__} {text}" for value, text in VALUES])
def test_a_value_is_spelled_for_people_as_it_is_in_json(value: object, text: str) -> None:
    assert spelled(value) == text


def test_a_small_decimal_is_told_in_digits() -> None:
    assert as_text(Decimal("12345678901234567890.0000000001")) == "12345678901234567890.0000000001"
    assert as_text(Decimal("-0.00000000010")) == "-0.00000000010"
