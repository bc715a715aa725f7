"""What is in a value, and whether it holds as a condition."""

from __future__ import annotations

from itertools import islice
from typing import Any

from goldlane.pipelines.inspection.trace import lifted
from goldlane.pipelines.inspection.values import Role, Value, known

MANY = 500
PLAIN = (str, int, float, bool, bytes, list, tuple, dict, set, frozenset, type(None))
_LISTS: tuple[type, ...] = (list, tuple, set, frozenset, dict, range, type({}.keys()), type({}.values()), type({}.items()), zip, enumerate)


def elements(value: Value) -> list[Value] | None:
    """What a loop over ``value`` gives; None when nobody can tell."""
    if value.role is Role.ITEMS:
        return list(value.known)
    if value.role is Role.ENTRIES:
        return [known(key) for key in value.known]
    if value.role is Role.KNOWN and any(isinstance(value.known, kind) for kind in _LISTS):
        return [lifted(item) for item in islice(value.known, MANY)]
    return None


def truth(value: Value) -> bool | None:
    """Whether a condition holds; None when nobody can tell."""
    if value.role in {Role.ITEMS, Role.ENTRIES}:
        return bool(value.known)
    if value.role is Role.KNOWN and isinstance(value.known, PLAIN):
        return bool(value.known)
    return True if value.role in {Role.SESSION, Role.FRAME} else None


def mapping(value: Value) -> dict[Any, Value]:
    """The entries of a dictionary, those that are known."""
    if value.role is Role.ENTRIES:
        return dict(value.known)
    return {key: lifted(item) for key, item in value.known.items()} if isinstance(value.known, dict) else {}
