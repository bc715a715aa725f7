"""Runs of some of a job's tasks, and repairs of such runs, of conditions alone: nothing else needs to run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from goldlane.bundles.running import Outcome
from goldlane.bundles.running.records import Records

JOB = """
parameters: [{name: mood, default: good}]
tasks:
  - {task_key: first, condition_task: {op: EQUAL_TO, left: a, right: a}}
  - {task_key: second, depends_on: [{task_key: first}], condition_task: {op: GREATER_THAN, left: "{{job.parameters.mood}}", right: "1"}}
  - task_key: third
    depends_on: [{task_key: second}]
    condition_task: {op: EQUAL_TO, left: "{{tasks.first.result_state}}", right: success}
"""

Job = Callable[..., Outcome]


def results(outcome: Outcome) -> dict[str, str]:
    return {task: end.result.value for task, end in outcome.tasks.items()}


def test_a_chosen_task_finds_what_the_others_came_to_last_whichever_runs_came_between(job: Job) -> None:
    job(JOB, parameters={"mood": "2"})

    outcomes = [job(only=["third"]) for _ in range(2)]

    assert [(results(outcome), outcome.tasks["third"].outcome) for outcome in outcomes] == [({"third": "SUCCESS"}, True)] * 2


def test_a_repair_of_a_run_of_chosen_tasks_runs_no_other(job: Job) -> None:
    failed = job(JOB, only=["second"])

    repaired = job(repair=failed.run_id, parameters={"mood": "2"})

    assert (results(failed), results(repaired)) == ({"second": "FAILED"}, {"second": "SUCCESS"})


def test_a_repair_of_a_run_from_a_task_on_runs_what_is_left_of_it(job: Job, tmp_path: Path) -> None:
    job(JOB)
    failed = job(start=["second"])

    repaired = job(repair=failed.run_id, parameters={"mood": "2"})

    rows = [row["task"] for row in Records(tmp_path / "storage").rows() if row["repair"] == 1]
    assert results(failed) == {"second": "FAILED", "third": "UPSTREAM_FAILED"}
    assert (results(repaired), rows) == ({"second": "SUCCESS", "third": "SUCCESS"}, ["second", "third"])


def test_tasks_and_parameters_that_there_are_not_are_told_at_once(job: Job) -> None:
    with pytest.raises(ValueError, match=r"no task 'thrid'; is it 'third'.*; the job has no parameter 'moood'; is it 'mood'"):
        job(JOB, only=["thrid"], parameters={"moood": "good"})


def test_ids_are_numbers_that_doubles_hold(job: Job) -> None:
    outcome = job(JOB)

    ids = [outcome.run_id, *(end.run_id for end in outcome.tasks.values() if end.attempts)]
    assert len(set(ids)) == len(ids)
    assert [int(float(each)) for each in ids] == ids
    assert max(ids) < 2**53


@pytest.mark.slow
def test_jobs_that_run_at_once_in_one_storage_lose_no_row_of_their_record(tmp_path: Path) -> None:
    import threading
    from datetime import datetime, timezone

    from goldlane.bundles.running.recordrows import Run, TaskRun
    from goldlane.bundles.running.results import End, Result

    now, end = datetime.now(timezone.utc), End(result=Result.SUCCESS)

    def append(run_id: int) -> None:
        run = Run(run_id=run_id, job="job", name="job", target=None, started=now, parameters={})
        for task_run_id in range(5):
            Records(tmp_path).append(run, TaskRun(task="t", attempt=1, started=now, ended=now, end=end, task_run_id=task_run_id))

    threads = [threading.Thread(target=append, args=(run_id,)) for run_id in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted({(row["run_id"], row["task_run_id"]) for row in Records(tmp_path).rows()}) == [(a, b) for a in range(8) for b in range(5)]
