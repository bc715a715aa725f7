"""The syntax tree behind a function object: found by its file and its first line."""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from types import CodeType

from goldlane.errors import GoldlaneError
from goldlane.pipelines.notebooks import read_code

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class SourceTrees:
    """Parses each file once."""

    def __init__(self) -> None:
        self.files: list[str] = []

    def function(self, code: CodeType) -> FunctionNode | None:
        """The definition of the function that ``code`` belongs to; None where its file holds no such text."""
        found = [node for node in self._functions(code.co_filename).get(code.co_firstlineno, []) if _name(node) == code.co_name]
        return found[0] if found else None

    @functools.cache  # noqa: B019  it lives as long as one inspection
    def tree(self, file: str) -> ast.Module | None:
        """The whole file; None where it is no Python text."""
        self.files.append(file)
        try:
            return ast.parse(read_code(Path(file)).text)
        except (OSError, SyntaxError, ValueError, GoldlaneError):
            return None

    @functools.cache  # noqa: B019  as above
    def _functions(self, file: str) -> dict[int, list[FunctionNode]]:
        tree = self.tree(file)
        found: dict[int, list[FunctionNode]] = {}
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                # Python counts a function from its first decorator.
                line = node.decorator_list[0].lineno if node.decorator_list else node.lineno
                found.setdefault(line, []).append(node)
            elif isinstance(node, ast.Lambda):
                found.setdefault(node.lineno, []).append(node)
        return found


def _name(node: FunctionNode) -> str:
    return "<lambda>" if isinstance(node, ast.Lambda) else node.name
