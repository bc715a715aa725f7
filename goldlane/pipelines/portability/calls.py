"""Which of ``dlt``'s functions a file uses, under whatever name it imported them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_DLT = "dlt"
_OPEN = "pyspark.pipelines"
_SPELLINGS = {_DLT, _OPEN, "databricks.pipelines"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiUse:
    """A function of ``dlt``'s, where a file names it; the keywords of its call, and those whose value is a constant."""

    name: str
    line: int
    keywords: frozenset[str] = frozenset()
    constants: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiUses:
    """All uses in a file, and the spellings of the module that only Databricks knows, by line."""

    calls: tuple[ApiUse, ...]
    modules: tuple[tuple[int, str], ...]


def api_uses(tree: ast.Module) -> ApiUses:
    """What a file uses of ``dlt``."""
    modules: dict[str, str] = {}
    functions: dict[str, str] = {}
    spelled: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        for name, module, function in _imports(node):
            spelled += [(node.lineno, module)] if module != _OPEN else []  # type: ignore[attr-defined]  # an import has a line
            if function:
                functions[name] = function
            else:
                modules[name] = module
    calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    uses = [_use(name, node, calls.get(id(node))) for node, name in _names(tree, modules, functions)]
    return ApiUses(calls=tuple(uses), modules=tuple(dict.fromkeys(spelled)))


def _imports(node: ast.AST) -> Iterator[tuple[str, str, str | None]]:
    """(name bound, module, function of it) of an import."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name in _SPELLINGS:
                yield alias.asname or alias.name, alias.name, None
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            if whole in _SPELLINGS:
                yield alias.asname or alias.name, whole, None
            elif node.module in _SPELLINGS:
                yield alias.asname or alias.name, node.module, alias.name


def _names(tree: ast.Module, modules: dict[str, str], functions: dict[str, str]) -> Iterator[tuple[ast.expr, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _dotted(node.value) in modules:
            yield node, node.attr
        elif isinstance(node, ast.Name) and node.id in functions and isinstance(node.ctx, ast.Load):
            yield node, functions[node.id]


def _dotted(node: ast.expr) -> str:
    """``a.b.c`` as a text; nothing for other expressions."""
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _use(name: str, node: ast.expr, call: ast.Call | None) -> ApiUse:
    if call is None:
        return ApiUse(name=name, line=node.lineno)
    named = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    constants = {key: value.value for key, value in named.items() if isinstance(value, ast.Constant)}
    # Public code spells out what it does not use: None and False ask for nothing.
    asked = frozenset(key for key in named if constants.get(key, ...) not in (None, False))
    return ApiUse(name=name, line=node.lineno, keywords=asked, constants=constants)
