"""Calls of Python's own and of libraries: those without side effects are made, the rest passes on what it gets."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

from goldlane.pipelines.inspection.containers import elements
from goldlane.pipelines.inspection.trace import Trace, lifted
from goldlane.pipelines.inspection.values import ANY, Arguments, Role, Value, concrete, entries, items, known, mixed
from goldlane.pipelines.places import Place

# Functions whose result depends on nothing but their arguments.
_PURE: tuple[Any, ...] = (
    str,
    int,
    float,
    bool,
    len,
    list,
    tuple,
    dict,
    set,
    sorted,
    range,
    min,
    max,
    zip,
    enumerate,
    reversed,
    repr,
    any,
    all,
    sum,
    os.path.join,
)
_TEXTS = (str, bytes, int, float, tuple, frozenset)
_CONTAINERS: tuple[type, ...] = (list, dict, set, type({}.keys()), type({}.values()), type({}.items()))
# Those of a container's methods that leave it as it is.
_LOOKS = {"get", "items", "keys", "values", "copy", "index", "count", "union", "difference"}

Invoke = Callable[[Value, Arguments, Place], Value]


class Library:
    """Answers for code that is not the user's."""

    def __init__(self, trace: Trace, invoke: Invoke) -> None:
        self._trace, self._invoke = trace, invoke

    def call(self, target: Value, thing: Any, arguments: Arguments, place: Place) -> Value:
        """What a call gives."""
        if target.role is not Role.KNOWN:
            return self.passed(arguments.after(target), "what a call of something unknown reads", place)
        if any(thing is one for one in _PURE) or isinstance(getattr(thing, "__self__", None), _TEXTS):
            return self._computed(thing, arguments)
        if thing is functools.reduce:
            return self._reduced(arguments, place)
        if thing is map or thing is filter:
            rounds = elements(arguments.get(1, "iterable"))
            called = [self._invoke(arguments.get(0, "function"), Arguments([element]), place) for element in rounds or [ANY]]
            return items(called if thing is map else rounds or [ANY])
        return self.passed(arguments, f"what {getattr(thing, '__name__', 'a library')}() reads", place)

    def method(self, thing: Any, name: str, arguments: Arguments) -> Value | None:
        """A method of a text, a number or a container; None for all others, and for those that change a container."""
        if isinstance(thing, _TEXTS) or (isinstance(thing, _CONTAINERS) and name in _LOOKS):
            return self._computed(getattr(thing, name, None), arguments)
        return None

    def passed(self, arguments: Arguments, what: str, place: Place) -> Value:
        """A call that nobody can follow: a frame when it gets one, and a riddle when it gets the session."""
        given = arguments.all()
        if any(value.role is Role.SESSION for value in given):
            return self._trace.unsure(what, place)
        return mixed(given, Role.FRAME if any(value.role is Role.FRAME for value in given) else Role.ANY)

    def _computed(self, function: Any, arguments: Arguments) -> Value:
        try:
            given = [concrete(value) for value in arguments.positional]
            return lifted(function(*given, **{name: concrete(value) for name, value in arguments.named.items()}))
        except Exception:  # noqa: BLE001  an argument is not known, or does not fit: then its parts may still be
            return self._rebuilt(function, arguments)

    def _rebuilt(self, function: Any, arguments: Arguments) -> Value:
        columns = [elements(value) for value in arguments.positional]
        if function is dict and not columns:
            return entries(arguments.named)
        if not columns or any(column is None for column in columns):
            return mixed(arguments.all())
        first = columns[0] or []
        if function is enumerate:
            return items([items([known(number), element]) for number, element in enumerate(first)])
        if function is zip:
            return items([items(row) for row in zip(*[column or [] for column in columns], strict=False)])
        if function is len:
            return known(len(first))
        return items(first) if function in {list, tuple, set, sorted, reversed} else mixed(arguments.all())

    def _reduced(self, arguments: Arguments, place: Place) -> Value:
        frames = elements(arguments.get(1, "iterable"))
        given = [*(arguments.positional[1:2] if frames is None else frames), *arguments.positional[2:]]
        if len(given) > 1:
            self._invoke(arguments.get(0, "function"), Arguments(given[:2]), place)
        return mixed(given, Role.FRAME if any(value.role is Role.FRAME for value in given) else Role.ANY)
