"""Partials as a store keeps them, in JSON, from the Arrow structs of a tile table."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from goldlane.features.arrow_batches import fields_of
from goldlane.features.instants import microseconds

text_of = json.JSONEncoder(separators=(",", ":")).encode

_INTEGER_DIGITS = 38  # of a bigint's total, see `tiling.total_type`


def plain_partials(partials: pa.Array[Any]) -> list[dict[str, dict[str, Any]]]:
    """Per row the partials by feature, of what JSON has; features without one are left out."""
    encoders = _encoders(partials.type)
    return [
        {
            name: {field: encoders[name][field](value) for field, value in partial.items()}
            for name, partial in (row or {}).items()
            if partial is not None
        }
        for row in partials.to_pylist()
    ]


def plain_partial(partial: Mapping[str, Any]) -> dict[str, Any]:
    """A partial as ``partials.merge`` hands it out, of what JSON has."""
    return {field: str(value) if isinstance(value, Decimal) else _plain_number(value) for field, value in partial.items()}


def _plain_number(value: Any) -> Any:
    return _number(value) if isinstance(value, float) else value


def _encoders(kind: pa.DataType) -> dict[str, dict[str, Callable[[Any], Any]]]:
    """By feature and field, how its values are written."""
    return {feature.name: {field.name: _encoder(field) for field in fields_of(feature.type)} for feature in fields_of(kind)}


def _encoder(field: pa.Field[Any]) -> Callable[[Any], Any]:
    kind = field.type
    if pa.types.is_decimal(kind):
        return int if field.name == "total" and kind.precision == _INTEGER_DIGITS else str
    if pa.types.is_floating(kind):
        return _number
    if pa.types.is_timestamp(kind):
        return microseconds
    return date.isoformat if pa.types.is_date(kind) else _same


def _number(value: float) -> float | str:
    """JSON has no number for what is not finite."""
    return value if math.isfinite(value) else "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _same(value: Any) -> Any:
    return value
