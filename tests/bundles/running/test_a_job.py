"""One job of tiny tasks of every kind that needs no Spark, run once; each test looks at something else of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from goldlane.bundles.running import Outcome, Request, run_job
from goldlane.bundles.running.events import JobEvent
from goldlane.bundles.running.records import Records

JOB = """
name: The job
parameters:
  - {name: day, default: "{{job.start_time.iso_date}}"}
  - {name: limit, default: "3"}
  - {name: storage, default: ""}
tasks:
  - task_key: load
    spark_python_task:
      python_file: ./load.py
      parameters: ["--day", "{{job.parameters.day}}", "{{task.name}}", true]
  - task_key: is_much
    depends_on: [{task_key: load}]
    condition_task: {op: GREATER_THAN, left: "{{tasks.load.values.rows}}", right: "{{job.parameters.limit}}"}
  - task_key: much
    depends_on: [{task_key: is_much, outcome: "true"}]
    spark_python_task: {python_file: ./load.py}
  - task_key: little
    depends_on: [{task_key: is_much, outcome: "false"}]
    notebook_task:
      notebook_path: ./notebooks/little
      base_parameters: {mood: good, limit: "7"}
  - task_key: each
    depends_on: [{task_key: load}]
    for_each_task:
      inputs: "{{tasks.load.values.names}}"
      concurrency: 2
      task:
        task_key: one
        max_retries: 1
        spark_python_task: {python_file: ./one.py, parameters: ["{{input}}"]}
  - task_key: score
    depends_on: [{task_key: little}, {task_key: much}]
    run_if: NONE_FAILED
    python_wheel_task:
      package_name: shop
      entry_point: score
      named_parameters: {mood: "{{tasks.little.values.mood}}"}
  - task_key: after_failure
    depends_on: [{task_key: each}]
    run_if: AT_LEAST_ONE_FAILED
    spark_python_task: {python_file: ./after.py, parameters: ["{{tasks.each.result_state}}"]}
  - task_key: never
    depends_on: [{task_key: each}]
    spark_python_task: {python_file: ./after.py}
"""
LOAD = """
import json, os, sys
from databricks.sdk.runtime import dbutils
dbutils.jobs.taskValues.set("rows", 2)
dbutils.jobs.taskValues.set("names", ["a", "b"])
dbutils.jobs.taskValues.set("argv", sys.argv[1:])
dbutils.jobs.taskValues.set("storage", os.environ["GOLDLANE_STORAGE"])
os.chdir("/"); sys.path[:] = []; os.environ.clear()
"""
LITTLE = {
    "cells": [
        {"cell_type": "markdown", "source": ["# Little"]},
        {"cell_type": "code", "source": ["%pip install shop\n", "from pathlib import Path\n", "%run ./shared"]},
        {
            "cell_type": "code",
            "source": [
                "dbutils.widgets.text('unsaid', 'by default')\n",
                "said = {name: dbutils.widgets.get(name) for name in ('mood', 'limit', 'storage', 'unsaid')}\n",
                "rows = dbutils.jobs.taskValues.get(taskKey='load', key='rows', debugValue=99)\n",
                "for key, value in {**said, 'rows': rows, 'folder': Path.cwd().name, 'shared': SHARED}.items():\n",
                "    dbutils.jobs.taskValues.set(key=key, value=value)\n",
                "dbutils.jobs.taskValues.set('inner', dbutils.notebook.run('inner', 0, {'x': 1}))\n",
                "dbutils.notebook.exit('enough')\n",
            ],
        },
    ]
}
FILES = {
    "load.py": LOAD,
    "one.py": "import pathlib, sys\nseen = pathlib.Path(__file__).with_name('seen-' + sys.argv[1])\n"
    "if sys.argv[1] == 'b':\n    if seen.exists(): sys.exit('b again')\n    seen.touch(); raise ValueError('no b')\n",
    "after.py": "import sys\nfrom pyspark.dbutils import DBUtils\nDBUtils(None).jobs.taskValues.set('argv', sys.argv[1:])\n",
    "notebooks/little.ipynb": json.dumps(LITTLE),
    "notebooks/shared.py": "# Databricks notebook source\nSHARED = 'by %run'\n",
    "notebooks/inner.py": "# Databricks notebook source\ndbutils.notebook.exit('x is ' + dbutils.widgets.get('x'))\n",
    "pyproject.toml": '[project]\nname = "shop"\n[project.scripts]\nscore = "shop.scores:main"\n',
    "src/shop/__init__.py": "",
    "src/shop/scores.py": "import sys\nfrom databricks.sdk.runtime import dbutils\n\n"
    "def main():\n    dbutils.jobs.taskValues.set('argv', sys.argv)\n",
}


class Ran:
    """The run, what was heard of it, and its record."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.events = folder, list[JobEvent]()
        self.outcome = self.again()
        self.rows = Records(folder / "storage").rows()

    def again(self, **asked: Any) -> Outcome:
        asked = {"storage": self.folder / "storage", "listener": self.events.append, **asked}
        return run_job(Request(root=self.folder / "bundle", job="job", **asked))

    def values(self, task: str) -> dict[str, Any]:
        return dict(self.outcome.tasks[task].values)

    def row(self, task: str) -> dict[str, Any]:
        return [row for row in self.rows if row["task"] == task][-1]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, write_bundle: Callable[[Path, str, Mapping[str, str]], Path]) -> Ran:
    folder = tmp_path_factory.mktemp("a job")
    write_bundle(folder / "bundle", JOB, FILES)
    return Ran(folder)


def test_every_task_ends_as_the_platform_would_say(ran: Ran) -> None:
    assert {task: end.result.value for task, end in ran.outcome.tasks.items()} == {
        "load": "SUCCESS",
        "is_much": "SUCCESS",
        "much": "EXCLUDED",
        "little": "SUCCESS",
        "each": "FAILED",
        "score": "SUCCESS",
        "after_failure": "SUCCESS",
        "never": "UPSTREAM_FAILED",
    }
    assert ran.outcome.result == "FAILED"


def test_a_python_file_gets_its_parameters_with_references_filled_in(ran: Ran) -> None:
    day = ran.outcome.parameters["day"]

    assert ran.values("load")["argv"] == ["--day", day, "load", "true"]
    assert len(day) == len("2026-01-31")


def test_a_task_knows_where_the_storage_is(ran: Ran) -> None:
    assert ran.values("load")["storage"] == str(ran.folder / "storage")


def test_a_notebooks_widgets_are_its_parameters_and_the_jobs_win(ran: Ran) -> None:
    little = ran.values("little")

    assert (little["mood"], little["limit"], little["unsaid"]) == ("good", "3", "by default")


def test_the_empty_parameter_storage_is_filled_in(ran: Ran) -> None:
    assert ran.values("little")["storage"] == str(ran.folder / "storage")


def test_a_value_of_an_earlier_task_is_read_in_a_notebook(ran: Ran) -> None:
    assert ran.values("little")["rows"] == 2


def test_a_notebook_runs_in_its_own_folder_whatever_the_task_before_did(ran: Ran) -> None:
    assert ran.values("little")["folder"] == "notebooks"


def test_a_notebook_runs_others(ran: Ran) -> None:
    assert (ran.values("little")["shared"], ran.values("little")["inner"]) == ("by %run", "x is 1")


def test_what_a_notebook_exits_with_is_its_result(ran: Ran) -> None:
    assert ran.outcome.tasks["little"].output == {"result": "enough"}


def test_what_a_notebook_would_install_is_told_and_not_done(ran: Ran) -> None:
    told = [event.text for event in ran.events if event.task == "little" and event.happening == "PROGRESS"]

    assert told == ["%pip install shop is not executed: packages come from this machine's environment"]


def test_a_wheel_task_calls_the_entry_point_with_named_parameters_and_the_jobs(ran: Ran) -> None:
    argv = ran.values("score")["argv"]

    assert argv[0] == "score"
    assert argv[1:3] == ["--mood=good", f"--day={ran.outcome.parameters['day']}"]
    assert "--limit=3" in argv


def test_a_loop_tries_its_task_for_each_input_and_tells_of_the_first_that_failed(ran: Ran) -> None:
    fault = ran.outcome.tasks["each"].fault

    assert fault is not None
    assert fault.message == "1 of 2 inputs failed; the first, b: it exited: b again"
    assert ran.outcome.tasks["each"].output == {"inputs": 2, "succeeded": 1}


def test_the_record_has_a_row_for_each_attempt(ran: Ran) -> None:
    rows = [row for row in ran.rows if row["task"] == "each[1]"]

    assert [(row["attempt"], row["input"], row["result_state"], row["is_last"]) for row in rows] == [
        (1, "b", "FAILED", False),
        (2, "b", "FAILED", True),
    ]
    assert [row["error"] for row in rows] == ["ValueError: no b", "it exited: b again"]
    assert rows[0]["file"] == str(ran.folder / "bundle" / "one.py")
    assert rows[0]["line"] == 5


def test_the_record_says_when_a_task_ran_and_what_it_handed_on(ran: Ran) -> None:
    row = ran.row("load")

    assert row["run_id"] == ran.outcome.run_id
    assert (row["life_cycle_state"], row["result_state"]) == ("TERMINATED", "SUCCESS")
    assert row["run_started"] <= row["started"] < row["ended"]
    assert json.loads(row["values"])["names"] == ["a", "b"]


def test_the_record_says_why_a_task_never_began(ran: Ran) -> None:
    row = ran.row("never")

    assert (row["attempt"], row["started"], row["result_state"]) == (0, None, "UPSTREAM_FAILED")
    assert row["error"] == "it runs if ALL_SUCCESS, and each is FAILED"


def test_what_a_task_prints_is_in_its_log(ran: Ran) -> None:
    assert "ValueError: no b" in Path(next(row for row in ran.rows if row["task"] == "each[1]")["log"]).read_text(encoding="utf-8")


def test_a_repair_runs_what_failed_and_what_waits_for_it_and_keeps_the_rest(ran: Ran) -> None:
    (ran.folder / "bundle" / "one.py").write_text("", encoding="utf-8")

    repaired = ran.again(repair=ran.outcome.run_id)

    rows = [row for row in Records(ran.folder / "storage").rows() if row["repair"] == 1]
    assert {row["task"] for row in rows} == {"each", "each[1]", "after_failure", "never"}
    assert repaired.result == "SUCCESS"
    assert repaired.run_id == ran.outcome.run_id
    assert repaired.tasks["load"].values == ran.outcome.tasks["load"].values
    assert {task: repaired.tasks[task].result.value for task in ("each", "after_failure", "never")} == {
        "each": "SUCCESS",
        "after_failure": "EXCLUDED",
        "never": "SUCCESS",
    }


def test_only_the_tasks_that_are_named_run_with_the_values_of_the_run_before(ran: Ran) -> None:
    (ran.folder / "bundle" / "one.py").write_text("", encoding="utf-8")

    outcome = ran.again(only=["score"], storage=ran.folder / "storage")

    assert {task: end.result.value for task, end in outcome.tasks.items()} == {"score": "SUCCESS"}
    assert outcome.tasks["score"].values["argv"][1] == "--mood=good"
