"""Attributes of the user's objects and classes, looked up without running any of their code."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

from goldlane.pipelines.inspection.trace import lifted
from goldlane.pipelines.inspection.values import ANY, Arguments, LocalFunction, LocalObject, Method, Value, known


class Attributes:
    """``users_function`` says whether something is a function of the user's, and which."""

    def __init__(self, users_function: Callable[[Any], Any]) -> None:
        self._users_function = users_function

    def of(self, receiver: Value, name: str) -> Value:
        """``receiver.name``."""
        thing = receiver.known
        if isinstance(thing, LocalObject):
            return thing.attributes[name] if name in thing.attributes else self._of_class(thing.kind, name, receiver)
        if isinstance(thing, LocalFunction | Method):
            return ANY
        try:
            return lifted(getattr(thing, name))
        except Exception:  # noqa: BLE001  attributes of the user's objects may raise anything
            return ANY

    def assign(self, holder: Value, name: str, value: Value) -> None:
        """Keep an attribute of an object that a followed function made."""
        if isinstance(holder.known, LocalObject):
            holder.known.attributes[name] = value

    def getter(self, receiver: Value, name: str) -> Any:
        """The user's function behind a property; None for plain attributes."""
        thing = receiver.known
        kind = thing.kind if isinstance(thing, LocalObject) else type(thing)
        static = inspect.getattr_static(kind, name, None)
        return static.fget if isinstance(static, property) and self._users_function(static.fget) else None

    def made(self, kind: type, arguments: Arguments) -> Value | None:
        """A new object of the user's class, before its ``__init__``; None for classes of others."""
        ours = any(self._users_function(member) for member in vars(kind).values() if isinstance(member, FunctionType))
        fields = getattr(kind, "__dataclass_fields__", {})
        if not ours and not (fields and kind.__module__.startswith("__goldlane_source__")):
            return None
        defaults = {name: lifted(value) for name, value in vars(kind).items() if name in fields}
        given = dict(zip(fields, arguments.positional, strict=False)) | (arguments.named if fields else {})
        return known(LocalObject(kind, defaults | given))

    @staticmethod
    def _of_class(kind: type, name: str, receiver: Value) -> Value:
        static = inspect.getattr_static(kind, name, None)
        if isinstance(static, staticmethod):
            return known(static.__func__)
        if isinstance(static, classmethod):
            return known(Method(static.__func__, known(kind)))
        if isinstance(static, FunctionType):
            return known(Method(static, receiver))
        return ANY if static is None or isinstance(static, property) else lifted(static)
