"""Source files run once, top to bottom; what goes wrong in one is reported with file and line, and the next one is loaded."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from goldlane.pipelines.definitions import QueryFlow
from goldlane.pipelines.loader import load
from goldlane.pipelines.names import Namespace
from goldlane.pipelines.registry import Registry
from goldlane.pipelines.shim import served_modules
from goldlane.pipelines.sources import find_sources


class NoSession:
    """Stands for Spark where no source reads anything."""

    def sql(self, text: str) -> str:
        return f"ran {text}"


Loaded = Callable[..., Registry]


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """Loads files given as name -> text; those named ``sources`` or all of them are the pipeline."""

    def load_files(files: dict[str, str], *sources: str) -> Registry:
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(text), encoding="utf-8")
        found = find_sources([tmp_path / name for name in sources or files])
        registry, session, reads = Registry(Namespace()), NoSession(), None
        with served_modules(found.root, found.folders):
            load(found, registry, session, reads)  # type: ignore[arg-type]  no source of these tests reads
        return registry

    return load_files


def answers(registry: Registry) -> dict[str, Any]:
    """What the datasets' functions return."""
    return {flow.name: flow.function() for flow in registry.flows if isinstance(flow, QueryFlow)}


def problems(registry: Registry) -> list[tuple[str, str, int]]:
    """(code, file's name, line) of each problem."""
    return [(problem.code, Path(problem.place.file).name, problem.place.line) for problem in registry.problems if problem.place]


def test_three_files_with_three_spellings_are_one_pipeline(loaded: Loaded) -> None:
    registry = loaded(
        {
            "a.py": "import dlt\n@dlt.table\ndef a(): return 1\n",
            "b.py": "from pyspark import pipelines as dp\n@dp.materialized_view\ndef b(): return 2\n",
            "c.py": "import databricks.pipelines as dp\n@dp.table(name='c')\ndef _c(): return 3\n",
            "d.py": "from dlt import *\n@table\ndef d(): return 4\n",
        }
    )

    assert answers(registry) == {"a": 1, "b": 2, "c": 3, "d": 4}
    assert registry.problems == []


def test_a_source_finds_what_notebooks_find(loaded: Loaded) -> None:
    registry = loaded(
        {
            "a.py": """
                import dlt
                shown = [display(1), displayHTML("<b>")]
                ran = sql("SELECT 1")

                @dlt.table
                def a():
                    return spark.sql("SELECT 2"), ran, shown, __name__ == "__main__", __file__.endswith("a.py")
            """
        }
    )

    assert registry.problems == []
    assert answers(registry) == {"a": ("ran SELECT 2", "ran SELECT 1", [None, None], False, True)}


def test_dataclasses_and_types_of_a_source_find_their_module(loaded: Loaded) -> None:
    registry = loaded(
        {
            "a.py": """
                from __future__ import annotations
                import dlt
                from dataclasses import dataclass
                from typing import ClassVar, get_type_hints

                @dataclass(frozen=True)
                class Feed:
                    name: str
                    count: ClassVar[int] = 1

                hint = get_type_hints(Feed)["name"]

                for feed in (Feed("x"), Feed("y")):
                    @dlt.table(name=feed.name)
                    def table(feed: Feed = feed):
                        return feed.name, hint
            """
        }
    )

    assert registry.problems == []
    assert answers(registry) == {"x": ("x", str), "y": ("y", str)}


def test_functions_run_neither_while_loading_nor_never(loaded: Loaded) -> None:
    registry = loaded({"a.py": "import dlt\ncalls = []\n@dlt.table\ndef a():\n    calls.append(1)\n    return len(calls)\n"})

    assert answers(registry) == {"a": 1}


def test_helpers_come_from_the_root_and_bodies_may_import_late(loaded: Loaded, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")

    registry = loaded(
        {
            "helpers/words.py": "WORD = 'hello'\n",
            "lane/a.py": "import dlt\nfrom helpers.words import WORD\n@dlt.table\ndef a(): return WORD\n",
        },
        "lane",
    )

    assert answers(registry) == {"a": "hello"}


def test_notebooks_run_what_they_name_first_and_in_their_own_globals(loaded: Loaded) -> None:
    cell = {"cell_type": "code", "source": ["%run ./shared/words\n", "import dlt\n", "@dlt.table\n", "def b(): return WORD + '!'\n"]}
    registry = loaded(
        {
            "shared/words.py": "# Databricks notebook source\n# MAGIC %run ./letters\nWORD = 'w' + LETTERS\n",
            "shared/letters.py": "LETTERS = 'ord'\n",
            "a.py": "# Databricks notebook source\n# MAGIC %run ./shared/words\n\n# COMMAND ----------\nimport dlt\n"
            "@dlt.table\ndef a(): return WORD\n",
            "b.ipynb": json.dumps({"cells": [cell]}),
        },
        "a.py",
        "b.ipynb",
    )

    assert registry.problems == []
    assert answers(registry) == {"a": "word", "b": "word!"}


def test_a_notebook_runs_another_where_it_says_so_with_parameters_and_may_leave_early(loaded: Loaded) -> None:
    registry = loaded(
        {
            "a.py": """\
                # Databricks notebook source
                import dlt
                BEFORE = "before"
                # COMMAND ----------
                # MAGIC %run ./shared/words $tone="loud"
                # COMMAND ----------
                said = dbutils.notebook.run("./shared/other", 60, {"tone": "low"})
                @dlt.table(name=f"{WORD}_{said}")
                def a(): return 1
                # COMMAND ----------
                dbutils.notebook.exit("done")
                # COMMAND ----------
                raise ValueError("never")
            """,
            "shared/words.py": "# Databricks notebook source\nWORD = BEFORE + dbutils.widgets.get('tone')\n",
            "shared/other.ipynb": json.dumps({"cells": [{"cell_type": "code", "source": "dbutils.notebook.exit(getArgument('tone'))"}]}),
        },
        "a.py",
    )

    assert registry.problems == []
    assert list(answers(registry)) == ["beforeloud_low"]


def test_helpers_are_found_beside_a_file_and_in_the_folders_above_up_to_its_checkout(loaded: Loaded, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    registry = loaded(
        {
            "src/app/lane/a.py": """
                import dlt, os, json
                from beside import ONE
                from lane.helpers import TWO
                from app.shared import THREE
                from pyspark.dbutils import DBUtils
                from databricks.sdk.runtime import *

                FOUR = json.load(open("conf.json"))

                @dlt.table
                def a() -> dlt.DataFrame:
                    return ONE, TWO, THREE, FOUR, DBUtils(spark) is dbutils
            """,
            "src/app/lane/beside.py": "ONE = 1\n",
            "src/app/lane/helpers.py": "TWO = 2\n",
            "src/app/shared.py": "from databricks.sdk.runtime import spark\nTHREE = 3\n",
            "src/app/lane/conf.json": "4",
        },
        "src/app/lane/a.py",
    )

    assert registry.problems == []
    assert answers(registry) == {"a": (1, 2, 3, 4, True)}
    assert list(tmp_path.rglob("__pycache__")) == []


def test_a_notebook_of_the_workspace_is_found_by_the_end_of_its_path(loaded: Loaded, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    registry = loaded(
        {
            "lane/a.py": "# Databricks notebook source\n# MAGIC %run /Workspace/Repos/me/project/shared/words\nimport dlt\n"
            "@dlt.table\ndef a(): return WORD\n",
            "shared/words.py": "WORD = 'found'\n",
        },
        "lane/a.py",
    )

    assert answers(registry) == {"a": "found"}


def test_a_failed_import_says_what_the_notebook_would_have_installed(loaded: Loaded) -> None:
    registry = loaded({"a.py": "# Databricks notebook source\n# MAGIC %pip install no-such-module==1\nimport no_such_module\n"})

    assert "%pip install no-such-module==1 was noted, not executed" in registry.problems[0].message


def test_every_file_that_does_not_load_is_reported_with_its_line_and_the_others_load(loaded: Loaded, tmp_path: Path) -> None:
    registry = loaded(
        {
            "a_syntax.py": "x = 1\ndef (:\n",
            "b_import.py": "import dlt\n\nimport no_such_module\n",
            "c_raises.py": "def inner():\n    return 1 / 0\n\ninner()\n",
            "d_keyword.py": "import dlt\n\n@dlt.table(nam='x')\ndef x(): ...\n",
            "e_missing_run.py": "# Databricks notebook source\n# MAGIC %run ./nowhere\n",
            "f_circle.py": "# Databricks notebook source\n# MAGIC %run ./f_circle\n",
            "g_unknown.py": "import dlt\ndlt.no_such_function()\n",
            "h_notebook.ipynb": "no notebook",
            "i_good.py": "import dlt\n@dlt.table\ndef good(): return 1\n",
            "j_exit.py": "raise SystemExit(3)\n",
        }
    )

    assert list(registry.datasets) == ["default.good"]
    assert problems(registry) == [
        ("syntax_error", "a_syntax.py", 2),
        ("import_error", "b_import.py", 3),
        ("load_error", "c_raises.py", 2),
        ("DefinitionError", "d_keyword.py", 3),
        ("GoldlaneError", "e_missing_run.py", 2),
        ("GoldlaneError", "f_circle.py", 2),
        ("load_error", "g_unknown.py", 2),
        ("UsageError", "h_notebook.ipynb", 1),
        ("load_error", "j_exit.py", 1),
    ]
    text = "\n".join(str(problem) for problem in registry.problems)
    assert f"No module named 'no_such_module'; install it, or put it under {tmp_path}" in text
    assert "ZeroDivisionError: division by zero" in text
    assert "ZeroDivisionError: ZeroDivisionError" not in text
    assert "did you mean 'name'?" in text
    assert "%run ./nowhere: there is no such notebook beside it" in text
    assert "%run goes in a circle" in text
