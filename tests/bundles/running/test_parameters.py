"""The values of a job's parameters, of conditions alone: nothing else needs to run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from goldlane.bundles.running import Outcome
from goldlane.bundles.running.records import Records
from goldlane.settings import Settings

JOB = """
parameters:
  - {name: day, default: "{{job.start_time.iso_date}}"}
  - {name: file, default: "{{job.parameters.mood}}-{{job.run_id}}"}
  - {name: mood, default: good}
  - {name: storage, default: ""}
  - {name: store, default: "databricks://DEFAULT/main.shop"}
tasks: [{task_key: is_good, condition_task: {op: EQUAL_TO, left: "{{job.parameters.mood}}", right: good}}]
"""

Job = Callable[..., Outcome]


def test_a_default_may_refer_to_the_run_and_to_other_parameters(job: Job) -> None:
    outcome = job(JOB)

    assert outcome.parameters["file"] == f"good-{outcome.run_id}"
    assert len(outcome.parameters["day"]) == len("2026-01-31")


def test_what_the_caller_says_wins(job: Job) -> None:
    outcome = job(JOB, parameters={"mood": "bad", "storage": "elsewhere"})

    assert (outcome.parameters["mood"], outcome.parameters["storage"]) == ("bad", "elsewhere")
    assert outcome.tasks["is_good"].outcome is False


def test_storage_and_the_platforms_store_are_those_of_this_machine(job: Job, tmp_path: Path) -> None:
    settings = Settings(root=tmp_path, store="sqlite:///online.db")

    outcome = job(JOB, settings=settings)

    assert outcome.parameters["storage"] == str(tmp_path / "storage")
    assert outcome.parameters["store"] == f"sqlite:///{tmp_path}/online.db"


def test_a_store_that_is_not_the_platforms_stays(job: Job) -> None:
    outcome = job(JOB.replace("databricks://DEFAULT/main.shop", "postgresql://host/db"))

    assert outcome.parameters["store"] == "postgresql://host/db"


@pytest.mark.parametrize("default,message", [("{{job.naem}}", "is it 'name'?"), ("{{tasks.x.values.y}}", "has not run before")])
def test_a_default_that_leads_nowhere_is_told(job: Job, default: str, message: str) -> None:
    with pytest.raises(ValueError, match="parameters of job") as told:
        job(
            JOB.replace("{{job.start_time.iso_date}}", default).replace(
                "tasks: [", "tasks: [{task_key: x, condition_task: {op: EQUAL_TO, left: a, right: b}}, "
            )
        )

    assert message in str(told.value)


def test_yes_and_no_reach_another_job_as_yaml_spells_them(job: Job) -> None:
    jobs = """resources:
  jobs:
    other:
      parameters: [{name: full, default: false}]
      tasks: [{task_key: is_full, condition_task: {op: EQUAL_TO, left: "{{job.parameters.full}}", right: "true"}}]
      timeout_seconds: 60
    job:
      tasks:
        - {task_key: full, run_job_task: {job_id: "${resources.jobs.other.id}", job_parameters: {full: true}}}
        - task_key: is_well
          depends_on: [{task_key: full}]
          condition_task: {op: EQUAL_TO, left: "{{tasks.full.result_state}}", right: success}
"""
    heard: list[tuple[str, bool | None]] = []

    job(jobs, listener=lambda event: heard.append((event.task, event.end.outcome)) if event.end is not None else None)

    assert ("full/is_full", True) in heard


@pytest.mark.parametrize(
    "store,told",
    [
        ("postgresql://ann:hush@host/db", "postgresql://***@host/db"),
        ("postgresql://host/db?password=hush", "postgresql://host/db?***"),
        ("postgresql://ann@host/db?sslmode=require", "postgresql://ann@host/db?sslmode=require"),
    ],
)
def test_a_password_is_used_and_neither_recorded_nor_told(job: Job, tmp_path: Path, store: str, told: str) -> None:
    text = JOB.replace("{{job.parameters.mood}}", "{{job.parameters.store}}").replace("right: good", f'right: "{store}"')

    outcome = job(text, settings=Settings(root=tmp_path, store=store))

    assert outcome.tasks["is_good"].outcome is True
    assert outcome.to_json()["parameters"]["store"] == told
    assert [json.loads(row["parameters"])["store"] for row in Records(tmp_path / "storage").rows()] == [told]


def test_a_repair_takes_the_password_from_where_it_was_or_asks_for_it(job: Job, tmp_path: Path) -> None:
    text = JOB.replace("EQUAL_TO", "LESS_THAN")
    mine = {"settings": Settings(root=tmp_path, store="postgresql://ann:hush@host/db")}

    own = job(text, **mine)
    given = job(parameters={"store": "postgresql://bob:hush@elsewhere/db"}, **mine)

    assert job(repair=own.run_id, **mine).parameters == own.parameters
    with pytest.raises(
        ValueError, match=r"'store' was postgresql://\*\*\*@elsewhere/db, whose password is not recorded; say --param store="
    ):
        job(repair=given.run_id, **mine)
