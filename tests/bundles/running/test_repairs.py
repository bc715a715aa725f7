"""Repairs of runs that were killed, still go on, or failed in some inputs of a loop; of conditions alone: nothing else needs to run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from goldlane.bundles.running import Outcome
from goldlane.bundles.running.events import JobEvent
from goldlane.bundles.running.records import Records

LOOP = """
tasks:
  - {task_key: first, run_if: ALL_DONE, condition_task: {op: LESS_THAN, left: %(first)s, right: "9"}}
  - task_key: each
    run_if: ALL_DONE
    depends_on: [{task_key: first}]
    for_each_task:
      inputs: '["1", "x", {"y": 2}, "3"]'
      task: {task_key: one, condition_task: {op: %(op)s, left: "{{input}}", right: "9"}}
  - {task_key: after, depends_on: [{task_key: each}], condition_task: {op: EQUAL_TO, left: a, right: a}}
"""
ONE = """
tasks:
  - {task_key: one, condition_task: {op: LESS_THAN, left: %s, right: "9"}}
  - {task_key: two, condition_task: {op: EQUAL_TO, left: a, right: a}}
"""

Job = Callable[..., Outcome]


def loop(*, op: str = "LESS_THAN", first: str = "'1'") -> str:
    return LOOP % {"op": op, "first": first}


def repaired_rows(storage: Path) -> list[tuple[str, int]]:
    return [(row["task"], row["attempt"]) for row in Records(storage).rows() if row["repair"] > 0]


def killed(event: JobEvent) -> None:
    raise BrokenPipeError(f"killed at {event.task}")


def test_a_repair_of_a_loop_runs_the_inputs_that_failed_and_keeps_the_others(job: Job, tmp_path: Path) -> None:
    failed = job(loop())
    events: list[JobEvent] = []

    repaired = job(loop(op="NOT_EQUAL"), repair=failed.run_id, listener=events.append)

    assert failed.tasks["each"].output == {"inputs": 4, "succeeded": 2}
    assert (repaired.result, repaired.tasks["each"].output) == ("SUCCESS", {"inputs": 4, "succeeded": 4})
    assert repaired_rows(tmp_path / "storage") == [("each[1]", 2), ("each[2]", 2), ("each", 2), ("after", 1)]
    assert "2 of 4 inputs succeeded before, and are kept" in [event.text for event in events]


def test_a_second_repair_keeps_what_the_run_and_the_first_repair_came_to(job: Job, tmp_path: Path) -> None:
    failed = job(loop())
    job(loop().replace('"x"', '"2"'), repair=failed.run_id)

    repaired = job(loop(op="NOT_EQUAL").replace('"x"', '"2"'), repair=failed.run_id)

    rows = [row["task"] for row in Records(tmp_path / "storage").rows() if row["repair"] == 2]
    assert (repaired.result, rows) == ("SUCCESS", ["each[2]", "each", "after"])


def test_an_input_that_is_another_one_now_runs(job: Job, tmp_path: Path) -> None:
    failed = job(loop())

    job(loop(op="NOT_EQUAL").replace('"1"', '"5"'), repair=failed.run_id)

    assert [task for task, _ in repaired_rows(tmp_path / "storage")][:3] == ["each[0]", "each[1]", "each[2]"]


def test_a_loop_after_a_task_that_runs_again_begins_anew(job: Job, tmp_path: Path) -> None:
    failed = job(loop(first="many"))

    job(loop(op="NOT_EQUAL"), repair=failed.run_id)

    assert [task for task, _ in repaired_rows(tmp_path / "storage")] == [
        "first",
        *(f"each[{number}]" for number in range(4)),
        "each",
        "after",
    ]


def test_a_run_that_is_killed_before_its_first_task_ended_has_a_record_and_is_repaired(job: Job, tmp_path: Path) -> None:
    with pytest.raises(BrokenPipeError):
        job(ONE % "'1'", listener=killed)

    repaired = job(repair="last")

    (row, *_) = _runs(tmp_path / "storage")
    assert (row["life_cycle_state"], row["result_state"], row["ended"], row["task"]) == ("RUNNING", None, None, None)
    assert row["run_id"] == repaired.run_id
    assert {task: end.result.value for task, end in repaired.tasks.items()} == {"one": "SUCCESS", "two": "SUCCESS"}


def test_the_record_says_how_a_run_and_each_repair_of_it_ended(job: Job, tmp_path: Path) -> None:
    failed = job(ONE % "many")

    job(ONE % "'1'", repair=failed.run_id)

    rows = [(row["repair"], row["life_cycle_state"], row["result_state"]) for row in _runs(tmp_path / "storage")]
    assert rows == [(0, "RUNNING", None), (0, "TERMINATED", "FAILED"), (1, "RUNNING", None), (1, "TERMINATED", "SUCCESS")]


def test_the_last_run_is_the_newest_one_of_the_job(job: Job) -> None:
    job(ONE % "many")
    newest = job(ONE % "more")

    assert job(ONE % "'1'", repair="last").run_id == newest.run_id


def test_a_run_that_still_goes_on_is_not_repaired(job: Job) -> None:
    refused: list[str] = []

    def listen(event: JobEvent) -> None:
        if event.happening == "RUNNING" and not refused:
            with pytest.raises(
                ValueError, match=r"run \d+ of job is still going on, in process \d+ \(wait for its end, or stop it\)"
            ) as told:
                job(repair="last")
            refused.append(str(told.value))

    outcome = job(ONE % "'1'", listener=listen)

    assert refused
    assert outcome.result == "SUCCESS"


def test_a_repair_as_another_target_is_refused(job: Job, tmp_path: Path) -> None:
    failed = job(ONE % "many")
    bundle = tmp_path / "bundle" / "databricks.yml"
    bundle.write_text(bundle.read_text(encoding="utf-8") + "targets: {dev: {default: true}, prod: {}}\n", encoding="utf-8")
    job_of_dev = job(target="dev")

    with pytest.raises(ValueError, match=rf"run {job_of_dev.run_id} was of the target dev, not of prod"):
        job(repair="last", target="prod")
    assert failed.run_id != job_of_dev.run_id


def test_a_job_that_never_ran_has_no_last_run(job: Job) -> None:
    with pytest.raises(ValueError, match=r"has no run of job \(its last runs are: none\)"):
        job(ONE % "'1'", repair="last")


def _runs(storage: Path) -> list[dict[str, Any]]:
    """The rows of runs themselves, as any Delta reader finds them."""
    rows = DeltaTable(str(storage / "system" / "job_runs")).to_pyarrow_table().to_pylist()
    return sorted((row for row in rows if row["task"] is None), key=lambda row: (row["repair"], row["life_cycle_state"]))
