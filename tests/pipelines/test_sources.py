"""What SOURCE names: files, folders and globs, and the root that a pipeline's own imports start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from goldlane.errors import UsageError
from goldlane.pipelines.sources import find_sources


def make(folder: Path, *names: str) -> None:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("", encoding="utf-8")


def found(folder: Path, *sources: str) -> list[str]:
    return [str(file.relative_to(folder)) for file in find_sources([folder / source for source in sources]).files]


def test_a_folder_is_every_python_file_and_notebook_in_it_by_name(tmp_path: Path) -> None:
    make(tmp_path, "b.py", "a/z.py", "c.ipynb", "readme.md", "data.json")

    assert found(tmp_path, ".") == ["a/z.py", "b.py", "c.ipynb"]


def test_what_tools_leave_behind_is_no_source(tmp_path: Path) -> None:
    make(
        tmp_path,
        "a.py",
        "__init__.py",
        "setup.py",
        "conftest.py",
        "__pycache__/a.py",
        ".ipynb_checkpoints/a.ipynb",
        ".venv/lib/b.py",
        ".git/hook.py",
    )

    assert found(tmp_path, ".") == ["a.py"]


@pytest.mark.parametrize(
    "text, is_source",
    [
        pytest.param("CREATE STREAMING TABLE a;", True, id="a pipeline's statement"),
        pytest.param("-- Databricks notebook source\nSELECT 1\n-- COMMAND ----------\nAPPLY CHANGES INTO a", True, id="beside others"),
        pytest.param("SET x = 1; CREATE TEMPORARY VIEW a AS SELECT ${x}", True, id="views and nothing else"),
        pytest.param("CREATE SCHEMA s; CREATE OR REPLACE VIEW s.a AS SELECT 1", False, id="views of a script"),
        pytest.param("SELECT * FROM a", False, id="a query"),
        pytest.param("SELECT 'open", False, id="no SQL"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_of_the_sql_files_in_a_folder_only_those_of_a_pipeline_are_sources(tmp_path: Path, text: str, is_source: bool) -> None:  # noqa: FBT001  a case's outcome
    make(tmp_path, "a.py")
    (tmp_path / "b.sql").write_text(text, encoding="utf-8")

    assert found(tmp_path, ".") == ["a.py", "b.sql"] if is_source else ["a.py"]
    assert found(tmp_path, "*.sql", "a.py") == ["b.sql", "a.py"] if is_source else True
    assert found(tmp_path, "b.sql") == ["b.sql"]


def test_a_file_that_is_named_twice_is_loaded_once_and_in_the_order_given(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "b.py")

    assert found(tmp_path, "b.py", ".", "b.py") == ["b.py", "a.py"]


@pytest.mark.parametrize(
    "pattern, expected", [("*.py", ["a.py"]), ("**/*.py", ["a.py", "deep/b.py"]), ("deep/*", ["deep/b.py", "deep/c.ipynb"])]
)
def test_a_glob_is_the_source_files_it_fits(tmp_path: Path, pattern: str, expected: list[str]) -> None:
    make(tmp_path, "a.py", "deep/b.py", "deep/c.ipynb", "deep/d.txt", "deep/__init__.py")

    assert found(tmp_path, pattern) == expected


def test_every_source_that_is_wrong_is_reported_at_once(tmp_path: Path) -> None:
    make(tmp_path, "orders.py", "query.scala")
    (tmp_path / "empty").mkdir()

    with pytest.raises(UsageError) as refused:
        find_sources([tmp_path / "order.py", tmp_path / "empty", tmp_path / "query.scala", tmp_path / "*.java"])

    message = str(refused.value)
    assert "order.py does not exist; did you mean" in message
    assert "orders.py?" in message
    assert "empty holds no .py file, notebook or SQL file of a pipeline" in message
    assert "query.scala is no .py file, .sql file or notebook" in message
    assert "*.java does not exist" in message


def test_no_source_at_all_is_a_mistake() -> None:
    with pytest.raises(UsageError, match="no SOURCE given"):
        find_sources([])


@pytest.mark.parametrize("marker", ["pyproject.toml", "databricks.yml"])
def test_the_root_is_the_nearest_parent_that_holds_a_project(tmp_path: Path, marker: str) -> None:
    make(tmp_path, "pyproject.toml", f"project/{marker}", "project/src/pipelines/a.py")

    sources = find_sources([tmp_path / "project/src/pipelines/a.py"])

    assert (sources.root, sources.default_name) == (tmp_path / "project", "project")


def test_a_project_that_says_its_name_gives_it_to_the_pipeline_wherever_it_is_cloned(tmp_path: Path) -> None:
    make(tmp_path, "pyproject.toml", "a.py")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "payments"\n')

    assert find_sources([tmp_path / "a.py"]).default_name == "payments"


def test_without_a_project_the_root_is_the_folder_that_was_named(tmp_path: Path) -> None:
    make(tmp_path, "lane/bronze/a.py", "lane/z.py")

    assert find_sources([tmp_path / "lane"]).root == tmp_path / "lane"
    assert find_sources([tmp_path / "lane/bronze/a.py"]).root == tmp_path / "lane/bronze"
