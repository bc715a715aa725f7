"""``{{...}}`` while a job runs."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from goldlane.bundles.running.facts import Facts, ReferenceFault
from goldlane.bundles.running.filling import filled_in
from goldlane.bundles.running.results import End, Fault, Result

LOAD = End(
    result=Result.FAILED,
    fault=Fault(kind="ValueError", message="no"),
    values={"rows": 3, "names": ["a", "b"], "mood": "good", "done": True},
    output={"rows": [{"id": 1, "name": "x"}, {"id": 2, "name": "y"}]},
    attempts=2,
    run_id=77,
)
FACTS = Facts(
    job="refresh",
    job_id=5,
    name="Refresh",
    run_id=42,
    started=datetime(2026, 1, 31, 10, 5, 7, 250000, tzinfo=timezone.utc),
    parameters={"day": "2026-01-30", "a.b": "dotted"},
    ends={"load": LOAD, "odd.name": LOAD},
    notebooks={"load": "../notebooks/load"},
    host="https://example.invalid",
    task="score",
    task_run_id=99,
    attempt=3,
    has_input=True,
    input={"table": "gold", "limits": [1, 2]},
)
KNOWN = {
    "job.id": "5",
    "job.name": "Refresh",
    "job.run_id": "42",
    "job.repair_count": "0",
    "job.trigger.type": "onetime",
    "job.parameters.day": "2026-01-30",
    "job.parameters.`a.b`": "dotted",
    "job.start_time.iso_date": "2026-01-31",
    "job.start_time.iso_datetime": "2026-01-31T10:05:07.250",
    "job.start_time.iso_weekday": "6",
    "job.start_time.is_weekday": "false",
    "job.start_time.year": "2026",
    "job.start_time.hour": "10",
    "job.start_time.timestamp_ms": "1769853907250",
    "job.trigger.time.iso_date": "2026-01-31",
    "task.name": "score",
    "task.run_id": "99",
    "task.execution_count": "3",
    "tasks.load.run_id": "77",
    "tasks.load.result_state": "failed",
    "tasks.load.error_code": "ValueError",
    "tasks.load.execution_count": "2",
    "tasks.load.notebook_path": "../notebooks/load",
    "tasks.load.values.rows": "3",
    "tasks.load.values.names": '["a", "b"]',
    "tasks.load.values.mood": "good",
    "tasks.load.values.done": "true",
    "tasks.`odd.name`.values.mood": "good",
    "tasks.load.output.first_row": '{"id": 1, "name": "x"}',
    "tasks.load.output.first_row.name": "x",
    "tasks.load.output.rows": '[{"id": 1, "name": "x"}, {"id": 2, "name": "y"}]',
    "workspace.id": "0",
    "workspace.url": "https://example.invalid",
    "input": '{"table": "gold", "limits": [1, 2]}',
    "input.table": "gold",
    "input.limits": "[1, 2]",
    "job_id": "5",
    "run_id": "99",
    "parent_run_id": "42",
    "task_key": "score",
    "start_date": "2026-01-31",
    "task_retry_count": "2",
}


@pytest.mark.parametrize("reference", list(KNOWN))
def test_a_documented_reference_has_its_value(reference: str) -> None:
    assert filled_in(f"<{{{{ {reference} }}}}>", FACTS) == f"<{KNOWN[reference]}>"


WRONG = {
    "job.naem": "job has no 'naem'; is it 'name'?",
    "job.parameters.dya": "is it 'day'?",
    "job.start_time.iso_dat": "is it 'iso_date'?",
    "tasks.laod.values.rows": "the task 'laod' has not run before this one; is it 'load'?",
    "tasks.load.values.rosw": "is it 'rows'?",
    "tasks.load.result": "is it 'result_state'?",
    "input.tabel": "is it 'table'?",
}


@pytest.mark.parametrize("reference", list(WRONG))
def test_a_reference_of_a_known_kind_that_leads_nowhere_is_told(reference: str) -> None:
    with pytest.raises(ReferenceFault) as told:
        filled_in({"parameters": [f"{{{{{reference}}}}}"]}, FACTS)

    assert WRONG[reference] in str(told.value)


def test_all_references_that_lead_nowhere_are_told_at_once() -> None:
    with pytest.raises(ReferenceFault) as told:
        filled_in(["{{job.naem}}", {"x": "{{task.nmae}}"}], FACTS)

    assert "{{job.naem}}" in str(told.value)
    assert "{{task.nmae}}" in str(told.value)


@pytest.mark.parametrize("text", ["{{my.value}", "{{ ref('x') }}", "{{secrets/scope/key}}", "{ {job.id} }"])
def test_a_text_that_is_no_reference_stays_as_it_is(text: str) -> None:
    assert filled_in(text, FACTS) == text


def test_a_run_on_a_weekday_says_so() -> None:
    monday = Facts(job="j", job_id=1, name="j", run_id=1, started=datetime(2026, 2, 2, tzinfo=timezone.utc), parameters={})

    assert filled_in("{{job.start_time.is_weekday}} {{job.start_time.iso_weekday}}", monday) == "true 1"


def test_only_a_loops_task_has_an_input() -> None:
    bare = Facts(job="j", job_id=1, name="j", run_id=1, started=datetime(2026, 2, 2, tzinfo=timezone.utc), parameters={})

    with pytest.raises(ReferenceFault, match="for_each_task"):
        filled_in("{{input}}", bare)
