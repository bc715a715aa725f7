from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import expectations
import pipelines.gold
from goldlane.pipelines.graph import pipeline_graph
from pipelines import sample

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "CONTRIBUTING.md", *(f"docs/{page.name}" for page in sorted((ROOT / "docs").glob("*.md"))))
PRINTED = {"README.md": ("amount_is_a_number drop 2 1", "currency_is_present warn 2 1")}


def python_blocks(page: str) -> list[str]:
    """The page's Python code blocks, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def file_of(block: str) -> str | None:
    """The file that a block shows: its first line is ``# path``."""
    named = re.match(r"# ([\w./]+\.py)\n", block)
    return named.group(1) if named else None


def write_files(page: str, folder: Path) -> list[str]:
    """The files that the page shows, written under ``folder``."""
    shown = {file: block.partition("\n")[2] for block in python_blocks(page) if (file := file_of(block))}
    for file, text in shown.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text, encoding="utf-8")
    return list(shown)


def edges(mermaid: str) -> set[tuple[str, str]]:
    """The arrows of a Mermaid graph in which every arrow stands on its own line."""
    return set(re.findall(r"^\s*(\w+) --> (\w+)$", mermaid, re.MULTILINE))


@pytest.fixture
def landing(tmp_path: Path) -> str:
    """A small sample: planning a pipeline looks at the files to learn their columns."""
    sample.write(tmp_path / "landing", transactions=200)
    return str(tmp_path / "landing")


@pytest.mark.parametrize("page", [page for page in PAGES if any(file_of(block) is None for block in python_blocks(page))])
def test_the_code_of_a_page_runs_from_top_to_bottom(
    page: str, spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_files(page, tmp_path)
    names: dict[str, object] = {"spark": spark}

    for block in python_blocks(page):
        if file_of(block) is None:
            exec(compile(block, page, "exec"), names)  # noqa: S102  the code blocks of our own pages

    printed = capsys.readouterr().out
    assert all(line in printed.splitlines() for line in PRINTED.get(page, ()))


def test_the_graph_of_the_readme_is_the_graph_of_the_lane(spark: SparkSession, landing: str) -> None:  # noqa: ARG001  the session is the run's
    (drawn,) = re.findall(r"<!-- graph: begin -->\n```mermaid\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)

    graph = pipeline_graph([ROOT / "pipelines" / "dlt"], configuration={"payments.landing": landing}, inputs={}, paths={})

    around = {"landing", "forgotten", "store", "agent"}
    said, found = ({edge for edge in found if not around & set(edge)} for found in (edges(drawn), {tuple(edge) for edge in graph["edges"]}))
    assert said == found


def test_the_worked_example_passes_its_own_test(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files("CONTRIBUTING.md", tmp_path)
    monkeypatch.setattr(pipelines.gold, "__path__", [*pipelines.gold.__path__, str(tmp_path / "pipelines" / "gold")])
    monkeypatch.setattr(expectations, "__path__", [*expectations.__path__, str(tmp_path / "expectations")])
    monkeypatch.delitem(sys.modules, "pipelines.gold.country_sales", raising=False)
    (test,) = (tmp_path / "tests").rglob("test_*.py")
    names: dict[str, object] = {}

    exec(compile(test.read_text(encoding="utf-8"), str(test), "exec"), names)  # noqa: S102  the code blocks of our own pages

    (behaviour,) = (value for name, value in names.items() if name.startswith("test_"))
    behaviour(spark)  # type: ignore[operator]


@pytest.mark.slow
def test_the_worked_example_adds_its_table_to_the_lane(tmp_path: Path, landing: str) -> None:
    for name in ("pipelines", "features", "expectations"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    write_files("CONTRIBUTING.md", tmp_path)
    command = [str(Path(sys.executable).with_name("goldlane")), "graph", "--format", "json", "--conf", f"payments.landing={landing}"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert ["silver_transactions", "country_sales"] in json.loads(done.stdout)["edges"]
