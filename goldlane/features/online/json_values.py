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


def as_text(value: object) -> str:
    """What JSON has no form for: times in ISO 8601 (UTC as Z), decimals as they are written, bytes as hexadecimal digits."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} has no JSON form")
