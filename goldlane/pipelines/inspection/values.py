"""What is known about a value without running the code that computes it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Any


class Role(Enum):
    """What a value is to a pipeline."""

    ANY = auto()  # nothing is known but what went into it
    KNOWN = auto()  # the object itself
    ITEMS = auto()  # a list or tuple of values
    ENTRIES = auto()  # a dictionary of values
    SESSION = auto()
    READER = auto()
    FRAME = auto()
    GROUPED = auto()
    RDD = auto()
    WRITER = auto()
    STREAM_WRITER = auto()
    DELTA_TABLE = auto()
    DELTA_MERGE = auto()
    CONF = auto()
    CATALOG = auto()
    UDF = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A value. ``streams`` says whether a stream went into it; None when nobody can tell."""

    role: Role = Role.ANY
    known: Any = None
    streams: bool | None = False

    def as_role(self, role: Role) -> Value:
        """The same input in another form."""
        return replace(self, role=role, known=None)


ANY = Value()
UNSURE = Value(streams=None)
NONE = Value(Role.KNOWN, None)


def known(value: Any) -> Value:
    """A value that is there."""
    return Value(Role.KNOWN, value)


def items(values: Iterable[Value]) -> Value:
    """A list of values: the list itself, where each of them is known."""
    listed = list(values)
    return Value(Role.ITEMS, listed, mixed(listed).streams)


def entries(values: Mapping[Any, Value]) -> Value:
    """A dictionary of values."""
    return Value(Role.ENTRIES, dict(values), mixed(values.values()).streams)


def mixed(values: Iterable[Value], role: Role = Role.ANY) -> Value:
    """What comes of several values used together: a stream as soon as one is."""
    streams = {value.streams for value in values}
    return Value(role, None, True if True in streams else None if None in streams else False)


def either(values: Sequence[Value]) -> Value:
    """One of several values, and nobody can tell which."""
    first = values[0]
    if all(value is first or (value.role is first.role is Role.KNOWN and _same(value.known, first.known)) for value in values):
        return first
    streams = {value.streams for value in values}
    role = first.role if all(value.role is first.role for value in values) and first.role is not Role.KNOWN else Role.ANY
    content = first.known if role in {Role.ITEMS, Role.ENTRIES} else None
    return Value(role, content, streams.pop() if len(streams) == 1 else None)


@dataclass(frozen=True, slots=True, eq=False)
class Arguments:
    """What a function is called with."""

    positional: list[Value] = field(default_factory=list)
    named: dict[str, Value] = field(default_factory=dict)

    def get(self, position: int, name: str) -> Value:
        """One argument; unknown when it is not given."""
        return self.positional[position] if position < len(self.positional) else self.named.get(name, ANY)

    def after(self, *first: Value) -> Arguments:
        """The same arguments behind others: a method's, behind its receiver."""
        return Arguments([*first, *self.positional], self.named)

    def all(self) -> list[Value]:
        """Every value, however it is given."""
        return [*self.positional, *self.named.values()]


class Unresolved(Exception):  # noqa: N818  it says what a value is
    """A value is not known."""


def concrete(value: Value) -> Any:
    """The object itself.

    Raises:
        Unresolved: it, or a part of it, is not known.
    """
    if value.role is Role.KNOWN:
        return value.known
    if value.role is Role.ITEMS:
        return [concrete(item) for item in value.known]
    if value.role is Role.ENTRIES:
        return {key: concrete(item) for key, item in value.known.items()}
    raise Unresolved


def concrete_or(value: Value, default: Any) -> Any:
    """The object itself, else ``default``."""
    try:
        return concrete(value)
    except Unresolved:
        return default


@dataclass(slots=True, eq=False)
class Scope:
    """The names of a function while it is followed, and where it stands."""

    file: str
    names: dict[str, Value]
    outer: Any  # Callable[[str], Value]: globals, closure and builtins
    returned: list[Value] = field(default_factory=list)

    def name(self, name: str) -> Value:
        """What ``name`` means here."""
        return self.names[name] if name in self.names else self.outer(name)


@dataclass(frozen=True, slots=True, eq=False)
class LocalFunction:
    """A function or lambda that is defined inside of a followed function."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope


@dataclass(frozen=True, slots=True, eq=False)
class LocalObject:
    """An object of the user's class that a followed function makes."""

    kind: type
    attributes: dict[str, Value]


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """A function of the user's, bound to a value."""

    function: Any
    receiver: Value


def _same(left: Any, right: Any) -> bool:
    try:
        return type(left) is type(right) and bool(left == right)
    except Exception:  # noqa: BLE001  objects of the user's compare as they like
        return False
