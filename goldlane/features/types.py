"""The simple SQL types a feature may have, under one spelling each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

_MAX_PRECISION = 38
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_ALIASES = {
    "bool": "boolean",
    "byte": "tinyint",
    "short": "smallint",
    "integer": "int",
    "long": "bigint",
    "real": "float",
    "dec": "decimal(10,0)",
    "decimal": "decimal(10,0)",
    "numeric": "decimal(10,0)",
}
_BITS = {"tinyint": 7, "smallint": 15, "int": 31, "bigint": 63}
_WHOLE = tuple(_BITS)
_FLOATS = ("float", "double")
_SIMPLE = frozenset(
    ("string", "boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "date", "timestamp", "timestamp_ntz", "binary")
)


def canonical_type(text: str) -> str:
    """The one spelling of a simple type: ``DECIMAL(18, 2)`` is ``decimal(18,2)``, ``long`` is ``bigint``; ``ValueError`` when unknown."""
    name = "".join(text.lower().split()) if isinstance(text, str) else ""
    name = _ALIASES.get(name, name)
    if name in _SIMPLE:
        return name
    scale = decimal_scale(name)
    if scale is None:
        raise ValueError(f"unknown type {text!r}; known are {', '.join(sorted(_SIMPLE))} and decimal(p,s)")
    return name


def wrong_type(text: str) -> Iterator[str]:
    """What is wrong with a type's name; nothing, or one sentence."""
    try:
        canonical_type(text)
    except ValueError as wrong:
        yield str(wrong)


def widens(found: str, declared: str) -> bool:
    """Whether every value of one simple type is a value of the other, in the same family."""
    if found == declared:
        return True
    for family in (_WHOLE, _FLOATS):
        if found in family and declared in family:
            return family.index(found) < family.index(declared)
    narrow, wide = _DECIMAL.fullmatch(found), _DECIMAL.fullmatch(declared)
    if narrow is None or wide is None:
        return False
    (precision, scale), (room, digits) = (tuple(map(int, each.groups())) for each in (narrow, wide))
    return scale <= digits and precision - scale <= room - digits


def comparable(left: str, right: str) -> bool:
    """Whether keys of the two types, in their one spelling, are equal as numbers or texts are."""
    return left == right or (is_whole(left) and is_whole(right))


def is_whole(name: str) -> bool:
    """Whether a type, in its one spelling, holds whole numbers only."""
    return name in _WHOLE


def is_number(name: str) -> bool:
    """Whether a type, in its one spelling, holds numbers."""
    return is_whole(name) or name in _FLOATS or decimal_scale(name) is not None


def decimal_scale(name: str) -> int | None:
    """The digits after the point of a ``decimal(p,s)``; None for every other type, and for a decimal that cannot be."""
    found = _DECIMAL.fullmatch(name)
    if found is None:
        return None
    precision, scale = int(found[1]), int(found[2])
    return scale if 0 < precision <= _MAX_PRECISION and scale <= precision else None


def holds(name: str, value: object) -> bool:
    """Whether a plain Python value is one of the type, in its one spelling, as it is: nothing is rounded, cut or read from text."""
    if isinstance(value, bool) or name == "boolean":
        return isinstance(value, bool) and name == "boolean"
    if isinstance(value, str) or name == "string":
        return isinstance(value, str) and name == "string"
    if not isinstance(value, (int, float, Decimal)) or not is_number(name):
        return False
    scale = 0 if is_whole(name) else decimal_scale(name)
    return scale is None or _has_digits(Decimal(str(value)), name, scale)


def _has_digits(value: Decimal, name: str, scale: int) -> bool:
    found = _DECIMAL.fullmatch(name)
    limit = 10 ** (int(found[1]) - scale) if found else 1 << _BITS[name]
    # A fraction, for a context of decimals would round what is longer than itself.
    return value.is_finite() and (Fraction(value) * 10**scale).denominator == 1 and abs(value) < limit
