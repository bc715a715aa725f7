"""Source files as Python, each line at its own number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from goldlane.errors import UsageError
from goldlane.pipelines.notebooks import Code, Install, Run, read_code

HEADER = "# Databricks notebook source\n"


def code_of(folder: Path, text: str, name: str = "source.py") -> Code:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return read_code(file)


def notebook(*cells: Any, kind: str = "code") -> str:
    return json.dumps({"cells": [{"cell_type": kind, "source": cell} for cell in cells], "nbformat": 4})


def test_plain_python_stays_as_it_is_comments_that_look_like_magic_included(tmp_path: Path) -> None:
    text = "x = 1\n# MAGIC %run ./other\n"

    assert code_of(tmp_path, text) == Code(text)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    assert code_of(tmp_path, "\ufeffx = 1\n").text == "x = 1\n"


@pytest.mark.parametrize(
    "line, run",
    [
        ("# MAGIC %run ./setup", Run("./setup", 2)),
        ("#MAGIC %run ./setup", Run("./setup", 2)),
        ("# MAGIC  %run ./setup", Run("./setup", 2)),
        ("%run ./setup", Run("./setup", 2)),
        ('# MAGIC %run ../a/setup $day=1 $name="a b"', Run("../a/setup", 2, {"day": "1", "name": "a b"})),
        ('# MAGIC %run "./set up"', Run("./set up", 2)),
    ],
)
def test_a_notebook_runs_another_where_its_magic_line_stands(tmp_path: Path, line: str, run: Run) -> None:
    code = code_of(tmp_path, f"{HEADER}{line}\n# COMMAND ----------\nx = 1\n")

    assert code == Code(f"{HEADER}__goldlane_run__(0)\n# COMMAND ----------\nx = 1\n", (run,))


@pytest.mark.parametrize("line", ["# MAGIC %md see %run ./setup", "# %run ./setup", "# MAGIC %sql SELECT 1"])
def test_other_magic_lines_and_comments_stay_as_they_are(tmp_path: Path, line: str) -> None:
    text = f"{HEADER}{line}\nx = 1\n"

    assert code_of(tmp_path, text) == Code(text)


@pytest.mark.parametrize("line", ["# MAGIC %pip install x", "%pip install x", "# MAGIC !pip install x"])
def test_installing_is_noted(tmp_path: Path, line: str) -> None:
    code = code_of(tmp_path, f"{HEADER}{line}\nx = 1\n")

    assert code.text.splitlines()[1].startswith("#")
    assert code.installs == (Install(line.removeprefix("# MAGIC "), 2),)


def test_the_code_cells_of_a_jupyter_notebook_are_joined_and_magics_become_comments(tmp_path: Path) -> None:
    document = notebook(["x = 1\n", "%pip install y \\\n", "  z\n"], "%run ./setup", ["%%sql\n", "SELECT 1\n"], "!ls\ny = x")

    code = code_of(tmp_path, document, "source.ipynb")

    assert code.text == "x = 1\n# %pip install y \\\n#   z\n__goldlane_run__(0)\n# %%sql\n# SELECT 1\n# !ls\ny = x\n"
    assert code.runs == (Run("./setup", line=4),)


@pytest.mark.parametrize("language", ["%md", "%sql", "%scala", "%r", "%sh", "%fs", "%%bash"])
def test_a_cell_in_another_language_is_no_python(tmp_path: Path, language: str) -> None:
    code = code_of(tmp_path, notebook(f"\n{language}\nSELECT 1", f"{language} SELECT 1", "%python\nx = 1"), "source.ipynb")

    assert [line for line in code.text.splitlines() if not line.startswith("#")] == ["x = 1"]


def test_a_magic_inside_a_block_leaves_something_in_it(tmp_path: Path) -> None:
    assert code_of(tmp_path, notebook("if x:\n    !ls\ny = 1"), "source.ipynb").text == "if x:\n    pass  # !ls\ny = 1\n"


def test_words_of_a_jupyter_notebook_are_not_code(tmp_path: Path) -> None:
    assert code_of(tmp_path, notebook("# Orders", kind="markdown"), "source.ipynb").text.strip() == ""


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"cells": 1}', '{"cells": [1]}', '{"cells": [{"source": ""}]}'])
def test_what_is_no_notebook_is_refused_with_its_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"source\.ipynb: not a Jupyter notebook"):
        code_of(tmp_path, text, "source.ipynb")


def test_a_file_that_is_not_utf_8_is_refused_with_its_name(tmp_path: Path) -> None:
    file = tmp_path / "source.py"
    file.write_bytes("größe = 1".encode("latin-1"))

    with pytest.raises(UsageError, match=r"source\.py: not UTF-8 text"):
        read_code(file)
