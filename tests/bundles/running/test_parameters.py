"""The values of a job's parameters, of conditions alone: nothing else needs to run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from goldlane.bundles.running import Outcome
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
