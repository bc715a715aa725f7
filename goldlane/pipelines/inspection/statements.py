"""Follows the statements of a function: every way that may be taken is taken, and what differs between them is not known."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

from goldlane.pipelines.inspection.containers import MANY, elements, truth
from goldlane.pipelines.inspection.expressions import Expressions
from goldlane.pipelines.inspection.imports import imported
from goldlane.pipelines.inspection.values import ANY, LocalFunction, Role, Scope, Value, concrete_or, either, known


class Statements:
    """Runs blocks over a scope; each method says whether the code after it is reached."""

    def __init__(self, expressions: Expressions, folders: Sequence[Path]) -> None:
        self._expressions, self._folders = expressions, folders

    def block(self, body: Sequence[ast.stmt], scope: Scope) -> bool:
        """Follow ``body``; False when every way through it returns or raises."""
        return all(self._statement(statement, scope) for statement in body)

    def _statement(self, node: ast.stmt, scope: Scope) -> bool:
        follow = getattr(self, f"_{type(node).__name__.lower()}", None)
        if follow is not None:
            return bool(follow(node, scope))
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.expr):
                self._expressions.value(part, scope)
        return True

    def _return(self, node: ast.Return, scope: Scope) -> bool:
        scope.returned.append(self._expressions.value(node.value, scope) if node.value else known(None))
        return False

    def _raise(self, node: ast.Raise, scope: Scope) -> bool:
        if node.exc:
            self._expressions.value(node.exc, scope)
        return False

    def _assign(self, node: ast.Assign, scope: Scope) -> bool:
        value = self._expressions.value(node.value, scope)
        for target in node.targets:
            self._expressions.bind(target, value, scope)
        return True

    def _annassign(self, node: ast.AnnAssign, scope: Scope) -> bool:
        if node.value:
            self._expressions.bind(node.target, self._expressions.value(node.value, scope), scope)
        return True

    def _augassign(self, node: ast.AugAssign, scope: Scope) -> bool:
        whole = ast.copy_location(ast.BinOp(_loaded(node.target), node.op, node.value), node)
        self._expressions.bind(node.target, self._expressions.value(whole, scope), scope)
        return True

    def _functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> bool:
        scope.names[node.name] = known(LocalFunction(node, scope))
        return True

    _asyncfunctiondef = _functiondef

    def _import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> bool:
        for alias in node.names:
            scope.names[(alias.asname or alias.name).partition(".")[0]] = imported(node, alias, self._folders)
        return True

    _importfrom = _import

    def _if(self, node: ast.If, scope: Scope) -> bool:
        holds = truth(self._expressions.value(node.test, scope))
        if holds is not None:
            return self.block(node.body if holds else node.orelse, scope)
        return self._alternatives([node.body, node.orelse], scope)

    def _match(self, node: ast.Match, scope: Scope) -> bool:
        subject = self._expressions.value(node.subject, scope)
        bodies: list[Sequence[ast.stmt]] = []
        for case in node.cases:
            fits = self._fits(case, subject, scope)
            if fits is not False:
                bodies.append(case.body)
            if fits:
                return self._alternatives(bodies, scope)
        return self._alternatives([*bodies, []], scope)

    def _fits(self, case: ast.match_case, subject: Value, scope: Scope) -> bool | None:
        """Whether a case is taken; None when nobody can tell."""
        if isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and case.guard is None:
            return True
        wanted = self._expressions.value(case.pattern.value, scope) if isinstance(case.pattern, ast.MatchValue) else ANY
        if case.guard is not None or Role.ANY in {subject.role, wanted.role}:
            return None
        return bool(concrete_or(subject, ...) == concrete_or(wanted, None))

    def _for(self, node: ast.For, scope: Scope) -> bool:
        rounds = elements(self._expressions.value(node.iter, scope))
        if rounds is None:
            self._expressions.bind(node.target, ANY, scope)
            return self._alternatives([[*node.body], []], scope)
        for element in rounds[:MANY]:
            self._expressions.bind(node.target, element, scope)
            if not self.block(node.body, scope):
                return False
        return self.block(node.orelse, scope)

    _asyncfor = _for

    def _while(self, node: ast.While, scope: Scope) -> bool:
        self._expressions.value(node.test, scope)
        return self._alternatives([node.body, []], scope)

    def _with(self, node: ast.With | ast.AsyncWith, scope: Scope) -> bool:
        for item in node.items:
            value = self._expressions.value(item.context_expr, scope)
            if item.optional_vars is not None:
                self._expressions.bind(item.optional_vars, value, scope)
        return self.block(node.body, scope)

    _asyncwith = _with

    def _try(self, node: ast.Try, scope: Scope) -> bool:
        before = dict(scope.names)
        reached = self.block(node.body, scope) and self.block(node.orelse, scope)
        ways = [scope.names] if reached else []
        for handler in node.handlers:
            inner = Scope(scope.file, {**before, **scope.names}, scope.outer, scope.returned)
            if handler.name:
                inner.names[handler.name] = ANY
            if self.block(handler.body, inner):
                ways.append(inner.names)
        _merge(scope, ways)
        return self.block(node.finalbody, scope) and bool(ways)

    def _alternatives(self, bodies: Sequence[Sequence[ast.stmt]], scope: Scope) -> bool:
        ways = []
        for body in bodies:
            inner = Scope(scope.file, dict(scope.names), scope.outer, scope.returned)
            if self.block(body, inner):
                ways.append(inner.names)
        _merge(scope, ways)
        return bool(ways)


def _merge(scope: Scope, ways: Sequence[dict[str, Value]]) -> None:
    if not ways:
        return
    names = [name for way in ways for name in way]
    scope.names.update({name: either([way[name] for way in ways if name in way]) for name in names})


def _loaded(target: ast.expr) -> ast.expr:
    """The target of ``x += 1`` as something to read."""
    return ast.Name(target.id, ast.Load()) if isinstance(target, ast.Name) else target
