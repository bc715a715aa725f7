"""What keeps a job from running is told before anything starts, all of it at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from goldlane.bundles.running import Outcome, Request, run_job
from goldlane.errors import UsageError

FILES = {"a.py": "", "n.py": "# Databricks notebook source\n", "q.sql": "SELECT 1"}

# the job, and what is told of it
WRONG = {
    "tasks that wait for each other": (
        """
tasks:
  - {task_key: a, depends_on: [{task_key: b}], spark_python_task: {python_file: ./a.py}}
  - {task_key: b, depends_on: [{task_key: a}], spark_python_task: {python_file: ./a.py}}
""",
        "tasks wait for each other: a -> b -> a",
    ),
    "a task that waits for none": (
        "tasks: [{task_key: a, depends_on: [{task_key: laod}], spark_python_task: {python_file: ./a.py}}]",
        "there is no task 'laod'",
    ),
    "a kind that only a workspace runs": (
        "tasks: [{task_key: a, dashboard_task: {dashboard_id: x}}, {task_key: b, dbt_task: {commands: [dbt run]}}]",
        "databricks.yml:5: resources.jobs.job.tasks[1]: a dbt_task runs in a workspace only",
    ),
    "a query of a workspace": (
        "tasks: [{task_key: a, sql_task: {warehouse_id: x, query: {query_id: y}}}]",
        "a query is in a workspace; only a file runs on this machine",
    ),
    "a pipeline of a workspace": (
        "tasks: [{task_key: a, pipeline_task: {pipeline_id: 123-456}}]",
        "is in a workspace, and not in this bundle",
    ),
    "a pipeline that is not there": (
        "tasks: [{task_key: a, pipeline_task: {pipeline_id: '${resources.pipelines.lane.id}'}}]",
        "there is no pipeline 'lane'",
    ),
    "a job of a workspace": ("tasks: [{task_key: a, run_job_task: {job_id: 17}}]", "the job 17 is in a workspace"),
    "a job that runs itself": ("tasks: [{task_key: a, run_job_task: {job_id: '${resources.jobs.job.id}'}}]", "the job 'job' runs itself"),
    "a notebook that is not there": ("tasks: [{task_key: a, notebook_task: {notebook_path: ./m}}]", "there is no notebook m"),
    "a notebook of Scala": ("tasks: [{task_key: a, notebook_task: {notebook_path: ./s.scala}}]", "s.scala is no notebook of Python or SQL"),
    "a wheel that is not built": (
        "tasks: [{task_key: a, python_wheel_task: {package_name: shop_scores, entry_point: score}}]",
        "shop_scores is neither a project of the bundle nor installed here, and no wheel of it lies on disk",
    ),
    "a wheel that nothing builds": (
        "tasks: [{task_key: a, libraries: [{whl: ./dist/*.whl}], python_wheel_task: {package_name: goldlane, entry_point: x}}]",
        "there is no wheel like './dist/*.whl'",
    ),
    "a number that is none": (
        "tasks: [{task_key: a, max_retries: often, spark_python_task: {python_file: ./a.py}}]",
        "max_retries",
    ),
    "a condition that there is not": (
        "tasks: [{task_key: a, run_if: ALL_SUCESS, spark_python_task: {python_file: ./a.py}}]",
        "is it 'ALL_SUCCESS'?",
    ),
    "an operator that there is not": (
        "tasks: [{task_key: a, condition_task: {op: GRATER_THAN, left: '1', right: '2'}}]",
        "is it 'GREATER_THAN'?",
    ),
    "a value that only a deployment knows": (
        "tasks: [{task_key: a, spark_python_task: {python_file: ./a.py, parameters: ['${resources.jobs.other.id}']}}]",
        "${resources.jobs.other.id}: only a deployment knows its value",
    ),
    "a reference to a task that has not run": (
        "tasks: [{task_key: a, spark_python_task: {python_file: ./a.py, parameters: ['{{tasks.b.values.x}}']}}]",
        "there is no task 'b'",
    ),
    "a parameter without a value": (
        "parameters: [{name: day}]\ntasks: [{task_key: a, notebook_task: {notebook_path: ./n}}]",
        "the parameter 'day' has no value; say --param day=VALUE",
    ),
    "a field that there is not": (
        "tasks: [{task_key: a, retrys: 3, notebook_task: {notebook_path: ./n}}]",
        "there is no field 'retrys' here",
    ),
}


@pytest.mark.parametrize("kind", list(WRONG))
def test_a_job_that_cannot_run_says_why_and_nothing_starts(job: Callable[..., Outcome], tmp_path: Path, kind: str) -> None:
    text, message = WRONG[kind]

    with pytest.raises(UsageError) as told:
        job(text, {**FILES, "s.scala": ""})

    assert message in str(told.value)
    assert not (tmp_path / "storage").exists()


def test_all_mistakes_are_told_at_once(job: Callable[..., Outcome]) -> None:
    text = "tasks: [{task_key: a, dashboard_task: {dashboard_id: x}}, {task_key: b, notebook_task: {notebook_path: ./m}}]"

    with pytest.raises(UsageError) as told:
        job(text, FILES, parameters={"mood": "good"})

    assert [word in str(told.value) for word in ("dashboard_task", "there is no notebook m", "no parameter 'mood'")] == [True] * 3


ONE = "parameters: [{name: day, default: x}]\ntasks: [{task_key: load, notebook_task: {notebook_path: ./n}}]"


@pytest.mark.parametrize(
    "asked,message",
    [
        ({"parameters": {"dya": "1"}}, "the job has no parameter 'dya'; is it 'day'?"),
        ({"only": ["laod"]}, "the job has no task 'laod'; is it 'load'?"),
        ({"start": ["laod"]}, "the job has no task 'laod'; is it 'load'?"),
        ({"only": ["load"], "start": ["load"]}, "--only, --from and --repair exclude each other"),
        ({"repair": 12}, "has no run 12 of job (its last runs are: none)"),
        ({"target": "prod"}, "the bundle has no target 'prod'"),
    ],
)
def test_what_is_asked_for_must_be_there(job: Callable[..., Outcome], asked: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as told:
        job(ONE, FILES, **asked)

    assert message in str(told.value)


def test_an_unknown_job_is_told_with_those_that_there_are(job: Callable[..., Outcome], tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        job(ONE, FILES, only=["x"])

    with pytest.raises(UsageError, match="the bundle has no job 'refresh'; known are job"):
        run_job(Request(root=tmp_path / "bundle", job="refresh", storage=tmp_path / "storage"))


def test_no_bundle_is_one_clear_message(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no databricks\.yml"):
        run_job(Request(root=tmp_path, job="refresh", storage=tmp_path / "storage"))


def test_several_targets_of_which_none_is_the_default_must_be_chosen_from(tmp_path: Path) -> None:
    (tmp_path / "databricks.yml").write_text("bundle: {name: b}\ntargets: {dev: {}, prod: {}}\n", encoding="utf-8")

    with pytest.raises(UsageError, match="no target is the default") as told:
        run_job(Request(root=tmp_path, job="refresh", storage=tmp_path / "storage"))

    assert told.value.hint == "say --target: dev, prod"


RING = """resources:
  jobs:
    job:
      tasks: [{task_key: a, run_job_task: {job_id: "${resources.jobs.other.id}"}}]
    other:
      tasks: [{task_key: b, run_job_task: {job_id: "${resources.jobs.job.id}"}}]
"""


def test_jobs_that_run_each_other_are_told(job: Callable[..., Outcome]) -> None:
    with pytest.raises(UsageError, match="jobs run each other: job -> other -> job"):
        job(RING)
