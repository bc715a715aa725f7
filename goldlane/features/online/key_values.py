"""A key's value in its declared type, however its caller wrote it: what a driver or Arrow takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from goldlane.features.online.values import EPOCH, FLOATS, NAIVE_EPOCH, family, key_encoder

_STORED: dict[str, Callable[[Any], Any]] = {
    "decimal": Decimal,
    "date": date.fromisoformat,
    "boolean": bool,
    "timestamp": lambda microseconds: EPOCH + timedelta(microseconds=microseconds),
    "timestamp_ntz": lambda microseconds: NAIVE_EPOCH + timedelta(microseconds=microseconds),
}


def key_value(given: Any, type_name: str) -> Any:
    """The value of a key column; ``ValueError`` when it is of another type."""
    if type_name in FLOATS:
        return float(given)
    stored = key_encoder(type_name)(given)
    return _STORED.get(family(type_name), lambda value: value)(stored)
