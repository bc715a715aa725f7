"""Calls: the user's own functions are followed, Spark's are understood, all others only pass on what they get."""

from __future__ import annotations

import ast
import functools
from collections.abc import Sequence
from pathlib import Path
from types import FunctionType, MethodType
from typing import Any

from goldlane.pipelines.api import NAMES
from goldlane.pipelines.inspection import containers
from goldlane.pipelines.inspection.attributes import Attributes
from goldlane.pipelines.inspection.containers import elements, mapping
from goldlane.pipelines.inspection.expressions import Expressions
from goldlane.pipelines.inspection.functions import Functions
from goldlane.pipelines.inspection.library import Library
from goldlane.pipelines.inspection.roles import Roles
from goldlane.pipelines.inspection.settings import Settings
from goldlane.pipelines.inspection.sourcetrees import SourceTrees
from goldlane.pipelines.inspection.statements import Statements
from goldlane.pipelines.inspection.trace import Trace, lifted
from goldlane.pipelines.inspection.values import ANY, Arguments, LocalFunction, Method, Role, Scope, Value, concrete_or, known, mixed
from goldlane.pipelines.notebookglobals import Late
from goldlane.pipelines.places import Place, is_users

_BATCH_READS, _STREAM_READS = (NAMES["read"],), (NAMES["read_stream"], NAMES["readStream"])


class Calls:
    """Follows the calls of one traced function."""

    def __init__(self, trace: Trace, trees: SourceTrees, folders: Sequence[Path], settings: Settings | None = None) -> None:
        self._trace, self._folders = trace, folders
        self._expressions = Expressions(self)
        self._functions = Functions(trace, trees, self._expressions, Statements(self._expressions, folders))
        self._attributes = Attributes(self._users_function)
        self._library = Library(trace, self.invoke)
        self._roles = Roles(trace, self.invoke, settings)

    def follow(self, function: Any) -> Value:
        """What a function without arguments, or an object that can be called, returns."""
        code = getattr(function, "__code__", None)
        return self.invoke(lifted(function), Arguments(), Place(code.co_filename, code.co_firstlineno) if code else Place("", 0))

    def query(self, text: str, place: Place) -> Value:
        """What a query in SQL gives."""
        return self._roles.sql(known(text), Arguments(), place)

    def call(self, node: ast.Call, scope: Scope) -> Value:
        """What a call gives."""
        if not isinstance(node.func, ast.Attribute):
            target = self._expressions.value(node.func, scope)
            return self.invoke(target, self._arguments(node, scope), Place(scope.file, node.lineno))
        # A chain over several lines is counted where its method stands.
        place = Place(scope.file, node.func.end_lineno or node.lineno)
        receiver = self._expressions.value(node.func.value, scope)
        arguments = self._arguments(node, scope)
        answer = self._roles.method(receiver, node.func.attr, arguments, place)
        return answer if answer is not None else self._method(receiver, node.func.attr, arguments, place)

    def attribute(self, receiver: Value, name: str) -> Value:
        """An attribute, looked up without running code of the user's."""
        if receiver.role is not Role.KNOWN:
            return self._roles.attribute(receiver, name)
        getter = self._attributes.getter(receiver, name)
        if getter is not None:
            return self.invoke(known(getter), Arguments([receiver]), Place(getter.__code__.co_filename, getter.__code__.co_firstlineno))
        return self._attributes.of(receiver, name)

    def invoke(self, target: Value, arguments: Arguments, place: Place) -> Value:
        """Call ``target``."""
        thing = target.known.made if isinstance(target.known, Late) else target.known
        answer = self._callable(thing, arguments, place) if target.role is Role.KNOWN else None
        if answer is not None:
            return answer
        users = self._users_function(thing) if target.role is Role.KNOWN else None
        if users is not None:
            function, receiver = users
            return self._functions.followed(function, arguments.after(*receiver), place)
        if isinstance(thing, type):
            return self._constructed(thing, arguments, place)
        return self._library.call(target, thing, arguments, place)

    def _callable(self, thing: Any, arguments: Arguments, place: Place) -> Value | None:  # noqa: PLR0911  one case after the other
        """Calls of functions that are made of others, and of those that read; None for all others."""
        if isinstance(thing, LocalFunction):
            return self._functions.local(thing, arguments, place)
        if isinstance(thing, Method):
            return self.invoke(known(thing.function), arguments.after(thing.receiver), place)
        if isinstance(thing, functools.partial):
            given = {name: lifted(value) for name, value in thing.keywords.items()} | arguments.named
            return self.invoke(lifted(thing.func), Arguments([*map(lifted, thing.args), *arguments.positional], given), place)
        if any(thing is read for read in (*_BATCH_READS, *_STREAM_READS)):
            return self._trace.read(arguments.get(0, "name"), place, streams=any(thing is read for read in _STREAM_READS))
        if isinstance(thing, MethodType) and (owner := lifted(thing.__self__)).role is not Role.KNOWN:
            return self._roles.method(owner, thing.__name__, arguments, place) or ANY
        if thing is getattr:
            name = concrete_or(arguments.get(1, "name"), None)
            return self.attribute(arguments.get(0, "object"), name) if isinstance(name, str) else ANY
        return None

    def _users_function(self, thing: Any) -> tuple[FunctionType, list[Value]] | None:
        """The function of the user's behind a callable, and what it is bound to."""
        function: Any
        if isinstance(thing, MethodType):
            function, receiver = thing.__func__, [lifted(thing.__self__)]
        elif isinstance(thing, FunctionType | type):
            function, receiver = thing, []
        else:
            function, receiver = getattr(type(thing), "__call__", None), [lifted(thing)]  # noqa: B004  what it is called by, not whether
        ours = isinstance(function, FunctionType) and is_users(function.__code__.co_filename, self._folders)
        return (function, receiver) if ours else None

    def _constructed(self, kind: type, arguments: Arguments, place: Place) -> Value:
        made = self._attributes.made(kind, arguments)
        if made is None:
            return self._library.call(known(kind), kind, arguments, place)
        starts = self._users_function(getattr(kind, "__init__", None))
        if starts is not None:
            self._functions.followed(starts[0], arguments.after(made), place)
        return made

    def _method(self, receiver: Value, name: str, arguments: Arguments, place: Place) -> Value:
        inside = containers.method(receiver, name, arguments)
        if inside is not None:
            return inside
        if receiver.role is not Role.KNOWN:
            return self._library.passed(arguments.after(receiver), f"what {name}() does with the session", place)
        plain = self._library.method(receiver.known, name, arguments)
        return plain if plain is not None else self.invoke(self.attribute(receiver, name), arguments, place)

    def assign(self, holder: Value, name: str, value: Value) -> None:
        """``holder.name = value``, for objects that the followed function made."""
        self._attributes.assign(holder, name, value)

    def _arguments(self, node: ast.Call, scope: Scope) -> Arguments:
        positional: list[Value] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                spread = self._expressions.value(argument.value, scope)
                parts = elements(spread)
                positional += [mixed([spread])] if parts is None else parts
            else:
                positional.append(self._expressions.value(argument, scope))
        named: dict[str, Value] = {}
        for keyword in node.keywords:
            value = self._expressions.value(keyword.value, scope)
            given = {keyword.arg: value} if keyword.arg else mapping(value)
            named |= {str(key): one for key, one in given.items()}
        return Arguments(positional, named)
