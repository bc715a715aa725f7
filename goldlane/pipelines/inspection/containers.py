"""What is in a value, and whether it holds as a condition."""

from __future__ import annotations

from itertools import islice
from typing import Any

from goldlane.pipelines.inspection.trace import lifted
from goldlane.pipelines.inspection.values import ANY, NONE, Arguments, Role, Value, concrete_or, entries, items, known

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


def method(container: Value, name: str, arguments: Arguments) -> Value | None:
    """A method of a list or a dictionary that the followed function made; None for all other values and methods."""
    first = arguments.get(0, "")
    if container.role is Role.ITEMS and name in {"append", "extend"}:
        container.known.extend([first] if name == "append" else elements(first) or [ANY])
        return NONE
    if container.role is not Role.ENTRIES:
        return None
    found: dict[Any, Value] = container.known
    if name == "update":
        found.update(mapping(first) | arguments.named)
        return NONE
    if name in {"get", "pop", "setdefault"}:
        key = concrete_or(first, None)
        return found.get(key, arguments.get(1, "default")) if isinstance(key, str | int) else ANY
    views = {"keys": map(known, found), "values": found.values(), "items": (items([known(key), value]) for key, value in found.items())}
    return items(views[name]) if name in views else entries(found) if name == "copy" else None
