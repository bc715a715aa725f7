"""Notebooks as other tools see them: valid Jupyter notebooks, and pages with their words and their code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from goldlane.errors import UsageError
from goldlane.pipelines.jupyter import jupyter_notebook
from goldlane.pipelines.notebooks import read_code

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    command = [sys.executable, str(ROOT / "scripts" / "notebook_pages.py"), str(folder)]
    subprocess.run(command, check=True, capture_output=True, env={"PYTHONPATH": str(ROOT), "PATH": ""})
    return folder


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_it_is_a_valid_jupyter_notebook_with_the_same_code(notebook: Path) -> None:
    document = jupyter_notebook(notebook)

    nbformat.validate(nbformat.from_dict(document))
    code = "\n".join(cell["source"] for cell in document["cells"] if cell["cell_type"] == "code")
    assert ast_of(code) == ast_of(read_code(notebook).text)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_it_explains_itself_before_it_does_anything(notebook: Path) -> None:
    first, *others = jupyter_notebook(notebook)["cells"]

    source = notebook.read_text(encoding="utf-8")
    widgets = set(re.findall(r"dbutils\.widgets\.(?:text|dropdown)\(\"(\w+)\"", source))
    listed = {name for row in re.findall(r"^\| (`.*?) \|", first["source"], re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert first["cell_type"] == "markdown"
    assert listed == widgets
    assert sum(cell["cell_type"] == "markdown" for cell in others) >= 1
    assert not re.findall(r"^(?:def|class) ", source, re.MULTILINE), "notebooks call, they never define"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_its_page_shows_headings_tables_and_code(notebook: Path, pages: Path) -> None:
    page = (pages / f"{notebook.stem}.html").read_text(encoding="utf-8")

    headings = re.findall(r"^# MAGIC #+ (.*)$", notebook.read_text(encoding="utf-8"), re.MULTILINE)
    assert [heading for heading in headings if heading.replace("'", "&#39;") not in page.replace("&#x27;", "&#39;")] == []
    assert "<table>" in page
    assert "lakehouse" in page
    assert "MAGIC" not in page


def test_cells_of_other_languages_stay_code_and_empty_ones_go(tmp_path: Path) -> None:
    file = tmp_path / "mixed.py"
    file.write_text(
        "# Databricks notebook source\nx = 1\n\n# COMMAND ----------\n\n# COMMAND ----------\n\n# MAGIC %sql\n# MAGIC SELECT 1\n"
        "\n# COMMAND ----------\n\n# MAGIC %md *hello*\n"
    )

    cells = [(cell["cell_type"], cell["source"]) for cell in jupyter_notebook(file)["cells"]]

    assert cells == [("code", "x = 1"), ("code", "%sql\nSELECT 1"), ("markdown", "*hello*")]


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("x = 1\n")

    with pytest.raises(UsageError, match=r"plain.py:1: not a Databricks notebook"):
        jupyter_notebook(tmp_path / "plain.py")


def ast_of(code: str) -> str:
    import ast

    return ast.dump(ast.parse(code))
