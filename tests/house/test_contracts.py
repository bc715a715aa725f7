"""The contracts of the house that import-linter cannot say (CONTRIBUTING.md lists all)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = sorted((ROOT / "goldlane").rglob("*.py"))
TRANSFORMS = sorted(file for room in ("bronze", "silver", "gold") for file in (ROOT / "pipelines" / room).glob("*.py"))


def test_sys_modules_is_touched_in_one_file() -> None:
    touching = {file.relative_to(ROOT).as_posix() for file in LIBRARY if "modules" in _attributes_of(file, "sys")}

    assert touching == {"goldlane/pipelines/shim.py"}


def test_databricks_is_imported_only_where_the_file_says_so() -> None:
    importing = {file for file in LIBRARY if any(name.split(".")[0] == "databricks" for name in _imports(file))}

    assert {file.name for file in importing if "databricks" not in file.name} == set()


@pytest.mark.parametrize("file", TRANSFORMS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_a_transform_uses_nothing_that_spark_connect_lacks(file: Path) -> None:
    used = {node.attr for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Attribute)}

    assert used & {"rdd", "sparkContext", "_jvm", "_jdf", "_jc", "_jsparkSession"} == set()


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


def _attributes_of(file: Path, module: str) -> set[str]:
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == module}
