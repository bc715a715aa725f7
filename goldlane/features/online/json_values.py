"""How a feature's value is spelled in JSON: for ``goldlane lookup --json`` and for every server."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def with_plain_numbers(features: Mapping[str, Any]) -> dict[str, Any]:
    """A copy in which numbers that JSON does not have are text, spelled as Spark's ``to_json`` does."""
    plain = dict(features)
    for name, value in features.items():
        if value.__class__ is float and not math.isfinite(value):
            plain[name] = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return plain


def spelled(value: object) -> str:
    """A value for people, as it stands in JSON but for a text's quotes."""
    (plain,) = with_plain_numbers({"": value}).values()
    if isinstance(plain, bool):
        return str(plain).lower()
    return str(plain) if isinstance(plain, (str, int, float)) else as_text(plain)


def with_plain_numbers_inside(value: Any) -> Any:
    """``value`` with such numbers spelled wherever they are in it: in lists, in structs, in a whole document."""
    if isinstance(value, Mapping):
        return {name: with_plain_numbers_inside(one) for name, one in with_plain_numbers(value).items()}
    if isinstance(value, (list, tuple)):
        return [with_plain_numbers_inside(one) for one in value]
    return with_plain_numbers({"": value})[""]


def as_text(value: object) -> str:
    """What JSON has no form for: times in ISO 8601 (UTC as Z), decimals with all of their digits, bytes as hexadecimal digits."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        # Digits only: str() writes 0.0000000001 as 1E-10, which is no number to many a reader.
        return f"{value:f}"
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} has no JSON form")
