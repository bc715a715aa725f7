"""Source files as Python, each line at its own number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from goldlane.errors import UsageError
from goldlane.pipelines.notebooks import Code, Run, read_code

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
    "line, runs",
    [
        ("# MAGIC %run ./setup", ("./setup",)),
        ("#MAGIC %run ./setup", ("./setup",)),
        ("# MAGIC %run ../a/setup $day=1", ("../a/setup",)),
        ('# MAGIC %run "./setup"', ("./setup",)),
        ("# MAGIC %pip install x", ()),
        ("# MAGIC %md see %run ./setup", ()),
        ("# %run ./setup", ()),
    ],
)
def test_a_databricks_notebook_runs_what_its_magic_lines_name(tmp_path: Path, line: str, runs: tuple[str, ...]) -> None:
    text = f"{HEADER}{line}\n# COMMAND ----------\nx = 1\n"

    assert code_of(tmp_path, text) == Code(text, tuple(Run(target, line=2) for target in runs))


def test_the_code_cells_of_a_jupyter_notebook_are_joined_and_magics_become_comments(tmp_path: Path) -> None:
    document = notebook(["x = 1\n", "%pip install y\n"], "%run ./setup", ["%%sql\n", "SELECT 1\n"], "!ls\ny = x")

    code = code_of(tmp_path, document, "source.ipynb")

    assert code == Code("x = 1\n# %pip install y\n# %run ./setup\n# %%sql\n# SELECT 1\n# !ls\ny = x\n", (Run("./setup", line=3),))


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
