"""Follows functions of the user's: real ones with their globals and closures, and those that they define inside."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from types import FunctionType
from typing import Any

from goldlane.pipelines.inspection.expressions import Expressions
from goldlane.pipelines.inspection.sourcetrees import FunctionNode, SourceTrees
from goldlane.pipelines.inspection.statements import Statements
from goldlane.pipelines.inspection.trace import Trace, lifted
from goldlane.pipelines.inspection.values import ANY, Arguments, LocalFunction, Role, Scope, Value, either, entries, items, known
from goldlane.pipelines.places import Place


class Functions:
    """Binds arguments and follows bodies."""

    def __init__(self, trace: Trace, trees: SourceTrees, expressions: Expressions, statements: Statements) -> None:
        self._trace, self._trees, self._expressions, self._statements = trace, trees, expressions, statements

    def followed(self, function: FunctionType, arguments: Arguments, place: Place) -> Value:
        """What a real function returns for ``arguments``."""
        node = self._trees.function(function.__code__)
        if node is None:
            return self._trace.unsure(f"the text of {function.__name__}()", place)
        names = bound(node.args, arguments, _defaults(function))
        return self._body(node, Scope(function.__code__.co_filename, names, _surroundings(function)), place)

    def local(self, function: LocalFunction, arguments: Arguments, place: Place) -> Value:
        """What a function returns that a followed one defined."""
        given = function.node.args
        names = [parameter.arg for parameter in (*given.posonlyargs, *given.args)]
        late = dict(zip(reversed(names), reversed(given.defaults), strict=False))
        late |= {parameter.arg: default for parameter, default in zip(given.kwonlyargs, given.kw_defaults, strict=True) if default}
        defaults = {name: self._expressions.value(default, function.scope) for name, default in late.items()}
        return self._body(function.node, Scope(function.scope.file, bound(given, arguments, defaults), function.scope.name), place)

    def _body(self, node: FunctionNode, scope: Scope, place: Place) -> Value:
        if not self._trace.enter():
            return self._trace.unsure("what a call that goes too deep returns", place)
        try:
            if isinstance(node, ast.Lambda):
                return self._expressions.value(node.body, scope)
            self._statements.block(node.body, scope)
            # None beside frames is only a way out.
            frames = [value for value in scope.returned if not (value.role is Role.KNOWN and value.known is None)]
            return either(frames) if frames else known(None)
        finally:
            self._trace.leave()


def bound(parameters: ast.arguments, arguments: Arguments, defaults: dict[str, Value]) -> dict[str, Value]:
    """The names of a call. A parameter that nobody gives is unknown; one named ``spark`` is the session."""
    names = [parameter.arg for parameter in (*parameters.posonlyargs, *parameters.args)]
    every = [*names, *(parameter.arg for parameter in parameters.kwonlyargs)]
    found = {name: defaults.get(name, Value(Role.SESSION) if name == "spark" else ANY) for name in every}
    found |= dict(zip(names, arguments.positional, strict=False))
    found |= {name: value for name, value in arguments.named.items() if name in found}
    if parameters.vararg:
        found[parameters.vararg.arg] = items(arguments.positional[len(names) :])
    if parameters.kwarg:
        found[parameters.kwarg.arg] = entries({name: value for name, value in arguments.named.items() if name not in every})
    return found


def _surroundings(function: FunctionType) -> Callable[[str], Value]:
    """What names mean that a function does not bind itself."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=False))

    def meaning(name: str) -> Value:
        if name in cells:
            return _content(cells[name])
        spaces = (function.__globals__, vars(builtins))
        return next((lifted(space[name]) for space in spaces if name in space), ANY)

    return meaning


def _content(cell: Any) -> Value:
    try:
        return lifted(cell.cell_contents)
    except ValueError:  # not filled yet
        return ANY


def _defaults(function: FunctionType) -> dict[str, Value]:
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    late = dict(zip(reversed(names), reversed(function.__defaults__ or ()), strict=False))
    return {name: lifted(value) for name, value in {**late, **(function.__kwdefaults__ or {})}.items()}
