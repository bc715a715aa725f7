"""What an expression is worth, as far as that can be told."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.inspection.containers import MANY, PLAIN, elements, mapping, truth
from goldlane.pipelines.inspection.operators import BINARY, UNARY
from goldlane.pipelines.inspection.trace import lifted
from goldlane.pipelines.inspection.values import (
    ANY,
    LocalFunction,
    Role,
    Scope,
    Unresolved,
    Value,
    concrete,
    concrete_or,
    either,
    entries,
    items,
    known,
    mixed,
)

if TYPE_CHECKING:
    from goldlane.pipelines.inspection.calls import Calls


class Expressions:
    """Evaluates expressions of followed functions; nothing of the user's is called."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def value(self, node: ast.expr, scope: Scope) -> Value:
        """What ``node`` is worth."""
        evaluate = getattr(self, f"_{type(node).__name__.lower()}", self._parts)
        found: Value = evaluate(node, scope)
        return found

    def _constant(self, node: ast.Constant, _: Scope) -> Value:
        return known(node.value)

    def _name(self, node: ast.Name, scope: Scope) -> Value:
        return scope.name(node.id)

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Value:
        return self._calls.attribute(self.value(node.value, scope), node.attr)

    def _call(self, node: ast.Call, scope: Scope) -> Value:
        return self._calls.call(node, scope)

    def _lambda(self, node: ast.Lambda, scope: Scope) -> Value:
        return known(LocalFunction(node, scope))

    def _namedexpr(self, node: ast.NamedExpr, scope: Scope) -> Value:
        scope.names[node.target.id] = found = self.value(node.value, scope)
        return found

    def _joinedstr(self, node: ast.JoinedStr, scope: Scope) -> Value:
        parts = [self.value(part, scope) for part in node.values]
        texts = [concrete_or(part, None) for part in parts]
        return known("".join(texts)) if all(isinstance(text, str) for text in texts) else mixed(parts)

    def _formattedvalue(self, node: ast.FormattedValue, scope: Scope) -> Value:
        value = self.value(node.value, scope)
        spec = concrete_or(self.value(node.format_spec, scope), None) if node.format_spec else ""
        conversions: dict[int, Callable[[Any], Any]] = {ord("s"): str, ord("r"): repr, ord("a"): ascii}
        convert = conversions.get(node.conversion, lambda same: same)
        return self._calculated(lambda: format(convert(concrete(value)), spec or ""), [value])

    def _binop(self, node: ast.BinOp, scope: Scope) -> Value:
        left, right = self.value(node.left, scope), self.value(node.right, scope)
        if isinstance(node.op, ast.Add) and Role.ITEMS in {left.role, right.role}:
            both = [*(elements(left) or []), *(elements(right) or [])]
            return items(both)
        apply = BINARY.get(type(node.op))
        return mixed([left, right]) if apply is None else self._calculated(lambda: apply(concrete(left), concrete(right)), [left, right])

    def _compare(self, node: ast.Compare, scope: Scope) -> Value:
        values = [self.value(part, scope) for part in (node.left, *node.comparators)]
        if len(node.ops) > 1:
            return ANY
        found = self._calculated(lambda: BINARY[type(node.ops[0])](concrete(values[0]), concrete(values[1])), values)
        return found if found.role is Role.KNOWN else ANY

    def _boolop(self, node: ast.BoolOp, scope: Scope) -> Value:
        values = [self.value(part, scope) for part in node.values]
        stops = isinstance(node.op, ast.Or)
        for position, value in enumerate(values):
            holds = truth(value)
            if holds is None:
                return either(values[position:])
            if holds is stops:
                return value
        return values[-1]

    def _unaryop(self, node: ast.UnaryOp, scope: Scope) -> Value:
        value = self.value(node.operand, scope)
        if isinstance(node.op, ast.Not):
            holds = truth(value)
            return ANY if holds is None else known(not holds)
        apply = UNARY.get(type(node.op))
        return ANY if apply is None else self._calculated(lambda: apply(concrete(value)), [value])

    def _ifexp(self, node: ast.IfExp, scope: Scope) -> Value:
        holds = truth(self.value(node.test, scope))
        if holds is None:
            return either([self.value(node.body, scope), self.value(node.orelse, scope)])
        return self.value(node.body if holds else node.orelse, scope)

    def _list(self, node: ast.List | ast.Tuple | ast.Set, scope: Scope) -> Value:
        found: list[Value] = []
        for part in node.elts:
            inner = elements(self.value(part.value, scope)) if isinstance(part, ast.Starred) else [self.value(part, scope)]
            found += [ANY] if inner is None else inner
        return items(found)

    _tuple = _set = _list

    def _dict(self, node: ast.Dict, scope: Scope) -> Value:
        found: dict[Any, Value] = {}
        for key, part in zip(node.keys, node.values, strict=True):
            value = self.value(part, scope)
            if key is None:
                found |= mapping(value)
            else:
                name = concrete_or(self.value(key, scope), None)
                found[name if isinstance(name, str | int | float | bool) else id(key)] = value
        return entries(found)

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Value:
        value, index = self.value(node.value, scope), self.value(node.slice, scope)
        if value.role is Role.FRAME:
            return ANY
        place = concrete_or(index, None)
        try:
            if value.role in {Role.ITEMS, Role.ENTRIES} and place is not None:
                found: Value | list[Value] = value.known[place]
                return items(found) if isinstance(found, list) else found
            if value.role is Role.KNOWN and isinstance(value.known, PLAIN):
                content: Any = value.known
                return lifted(content[concrete(index)])
        except (Unresolved, LookupError, TypeError):
            pass
        return mixed([value])

    def _slice(self, node: ast.Slice, scope: Scope) -> Value:
        ends = [self.value(part, scope) if part else known(None) for part in (node.lower, node.upper, node.step)]
        return self._calculated(lambda: slice(*(concrete(end) for end in ends)), ends)

    def _listcomp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, scope: Scope) -> Value:
        return items([self.value(node.elt, inner) for inner in self._rounds(node.generators, scope)])

    _setcomp = _generatorexp = _listcomp

    def _dictcomp(self, node: ast.DictComp, scope: Scope) -> Value:
        rounds = [(self.value(node.key, inner), self.value(node.value, inner)) for inner in self._rounds(node.generators, scope)]
        names = [concrete_or(key, position) for position, (key, _) in enumerate(rounds)]
        return entries({name if isinstance(name, str | int) else position: rounds[position][1] for position, name in enumerate(names)})

    def _rounds(self, generators: list[ast.comprehension], scope: Scope) -> Iterator[Scope]:
        if not generators:
            yield scope
            return
        first, *rest = generators
        rounds = elements(self.value(first.iter, scope))
        for element in [ANY] if rounds is None else rounds[:MANY]:
            inner = Scope(scope.file, {**scope.names}, scope.outer)
            self.bind(first.target, element, inner)
            if all(truth(self.value(test, inner)) is not False for test in first.ifs):
                yield from self._rounds(rest, inner)

    def bind(self, target: ast.expr, value: Value, scope: Scope) -> None:
        """Assign ``value`` to a name, or its parts to several."""
        if isinstance(target, ast.Name):
            scope.names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            parts = elements(value)
            fitting = parts if parts is not None and len(parts) == len(target.elts) else [mixed([value])] * len(target.elts)
            for one, part in zip(target.elts, fitting, strict=True):
                self.bind(one, part, scope)
        elif isinstance(target, ast.Attribute):
            self._calls.assign(self.value(target.value, scope), target.attr, value)
        elif isinstance(target, ast.Subscript):
            holder, key = self.value(target.value, scope), concrete_or(self.value(target.slice, scope), None)
            if holder.role is Role.ENTRIES and isinstance(key, str | int):
                holder.known[key] = value

    def _calculated(self, calculate: Callable[[], Any], inputs: list[Value]) -> Value:
        try:
            return known(calculate())
        except Unresolved:
            return mixed(inputs)
        except Exception:  # noqa: BLE001  what the user's values do with each other is theirs
            return ANY

    def _parts(self, node: ast.expr, scope: Scope) -> Value:
        return mixed([self.value(part, scope) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)])
