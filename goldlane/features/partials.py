"""Partial aggregates: their layout, how two become one, how one becomes a feature's value; in plain Python, which is all a reader needs.

A partial is ``{field: value}``, by function as in ``LAYOUT``. It has seen at least one value: nothing has no partial. Spark merges the
same fields (``goldlane.features.tile_merge``), by the formulas that stand here wherever one is more than an addition or a comparison.

As text (JSON, in a store) decimals are texts, times are microseconds, dates are ISO texts; integers have any size; NaN and infinities are
the texts ``NaN``, ``Infinity``, ``-Infinity``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import reduce
from typing import TYPE_CHECKING, Any

from goldlane.features.sketch import distinct_values, union
from goldlane.features.types import decimal_scale

if TYPE_CHECKING:
    from goldlane.features.rolling import Rolling

LAYOUT: Mapping[str, tuple[str, ...]] = {
    "count": ("n",),
    "sum": ("n", "total"),
    "mean": ("n", "total"),
    "stddev": ("n", "mean", "m2"),
    "min": ("value",),
    "max": ("value",),
    "last": ("at", "value"),
    "count_distinct": ("hashes",),
}

# Wide enough that sums of 38-digit decimals, and their quotients, are exact to well beyond the digits that are kept.
_EXACT = Context(prec=120, rounding=ROUND_HALF_UP)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MEAN_DIGITS = 4
_NOT_FINITE = ("NaN", "Infinity", "-Infinity")


def merge(parts: Iterable[Mapping[str, Any]], function: str, kind: str) -> dict[str, Any] | None:
    """One partial from many, in any order; None from none. Values come out decoded: numbers, Decimals, times as Python has them."""
    if function in ("count", "sum", "mean"):
        return _merged_totals(parts, LAYOUT[function])
    merged: dict[str, Any] | None = None
    for part in parts:
        decoded = _DECODE[function](part, kind)
        merged = decoded if merged is None else _MERGE[function](merged, decoded)
    return merged


def finish(partial: Mapping[str, Any] | None, rolling: Rolling, kind: str) -> Any:
    """The feature's value in its declared type; over nothing 0 for counts and NULL for others, unless there is a default."""
    counts = rolling.function in ("count", "count_distinct")
    value = None if partial is None else _FINISH[rolling.function](partial)
    if value is None or (counts and value == 0 and rolling.default is not None):
        value = 0 if counts and rolling.default is None else rolling.default
    return None if value is None else _typed(value, kind)


def _number(value: Any) -> Any:
    """Text is a decimal, or what JSON has no number for."""
    if isinstance(value, str):
        return float(value) if value in _NOT_FINITE else Decimal(value)
    return value


def _value(value: Any, kind: str) -> Any:
    """A value of the column as Python compares it, or as near as its feature's type tells."""
    if kind in ("double", "float"):
        return float(value)
    return Decimal(str(value)) if decimal_scale(kind) is not None else value


def _rank(value: Any) -> tuple[bool, Any]:
    """Spark's order: NaN is greater than every number."""
    return (isinstance(value, float) and math.isnan(value), value)


def _added(left: Any, right: Any) -> Any:
    return _EXACT.add(left, right) if isinstance(left, Decimal) and isinstance(right, Decimal) else left + right


def _merged_totals(parts: Iterable[Mapping[str, Any]], fields: tuple[str, ...]) -> dict[str, Any] | None:
    """Fields that are added up, each on its own: most windows are such, and a reader waits for them."""
    found = list(parts)
    return {field: reduce(_added, [_number(part[field]) for part in found]) for field in fields} if found else None


def spread(left: Any, right: Any) -> dict[str, Any]:
    """Counts, means and squared distances (M2) of both together, from how far apart their means are (Chan's formula): nothing cancels.

    Fields are read with ``[]``: of dictionaries in Python, of struct columns in Spark.
    """
    n = left["n"] + right["n"]
    apart = right["mean"] - left["mean"]
    share = right["n"] / n
    return {"n": n, "mean": left["mean"] + apart * share, "m2": left["m2"] + right["m2"] + apart * apart * left["n"] * share}


def _chosen(choose: Callable[..., Any], fields: tuple[str, ...]) -> Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]:
    def merged(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
        return choose((left, right), key=lambda part: tuple(_rank(part[field]) for field in fields))  # type: ignore[no-any-return]  # it is one of them

    return merged


def _mean(partial: Mapping[str, Any]) -> Any:
    """As Spark's: four more digits than the column for decimals, a double otherwise."""
    total, n = partial["total"], partial["n"]
    if isinstance(total, Decimal):
        digits = Decimal(1).scaleb(int(total.as_tuple().exponent) - _MEAN_DIGITS)
        return _EXACT.divide(total, Decimal(n)).quantize(digits, context=_EXACT)
    return float(total) / n


def _typed(value: Any, kind: str) -> Any:
    scale = decimal_scale(kind)
    if scale is not None:
        return Decimal(str(value)).quantize(Decimal(1).scaleb(-scale), context=_EXACT)
    if kind in ("timestamp", "timestamp_ntz") and isinstance(value, int):
        moment = _EPOCH + timedelta(microseconds=value)
        return moment if kind == "timestamp" else moment.replace(tzinfo=None)
    if kind == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    return _CAST.get(kind, _same)(value)


def _same(value: Any) -> Any:
    return value


_CAST: Mapping[str, Callable[[Any], Any]] = {
    "double": float,
    "float": float,
    "boolean": bool,
    "string": str,
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), int),
}
_DECODE: Mapping[str, Callable[[Mapping[str, Any], str], dict[str, Any]]] = {
    "stddev": lambda part, _: {"n": part["n"], "mean": float(part["mean"]), "m2": float(part["m2"])},
    "min": lambda part, kind: {"value": _value(part["value"], kind)},
    "max": lambda part, kind: {"value": _value(part["value"], kind)},
    "last": lambda part, kind: {"at": part["at"], "value": _value(part["value"], kind)},
    "count_distinct": lambda part, _: {"hashes": part["hashes"]},
}
_MERGE: Mapping[str, Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]] = {
    "stddev": spread,
    "min": _chosen(min, ("value",)),
    "max": _chosen(max, ("value",)),
    "last": _chosen(max, ("at", "value")),
    "count_distinct": lambda left, right: {"hashes": union(left["hashes"], right["hashes"])},
}
_FINISH: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "count": lambda partial: partial["n"],
    "sum": lambda partial: partial["total"],
    "mean": _mean,
    "stddev": lambda partial: math.sqrt(partial["m2"] / (partial["n"] - 1)) if partial["n"] > 1 else None,
    "min": lambda partial: partial["value"],
    "max": lambda partial: partial["value"],
    "last": lambda partial: partial["value"],
    "count_distinct": lambda partial: distinct_values(partial["hashes"]),
}
