"""Which tasks run after which results, in the platform's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from goldlane.bundles.running import Request, run_job
from goldlane.bundles.running.conditions import said, skipped
from goldlane.bundles.running.plans import Dependency, Step
from goldlane.bundles.running.results import End, Result

S, F, T, X, C = Result.SUCCESS, Result.FAILED, Result.TIMEDOUT, Result.EXCLUDED, Result.CANCELED
UF, UC = Result.UPSTREAM_FAILED, Result.UPSTREAM_CANCELED

# the condition, how the tasks before ended, and how the task ends that does not run: None when it runs
RUN_IF = [
    ("ALL_SUCCESS", (S, S), None),
    ("ALL_SUCCESS", (S, X), None),
    ("ALL_SUCCESS", (S, F), UF),
    ("ALL_SUCCESS", (S, T), UF),
    ("ALL_SUCCESS", (S, UF), UF),
    ("ALL_SUCCESS", (S, C), UC),
    ("ALL_SUCCESS", (X, X), X),
    ("ALL_DONE", (F, C), None),
    ("ALL_DONE", (X, X), X),
    ("NONE_FAILED", (S, X), None),
    ("NONE_FAILED", (S, F), UF),
    ("NONE_FAILED", (X, X), X),
    ("AT_LEAST_ONE_SUCCESS", (S, F), None),
    ("AT_LEAST_ONE_SUCCESS", (F, X), UF),
    ("AT_LEAST_ONE_FAILED", (S, F), None),
    ("AT_LEAST_ONE_FAILED", (S, UF), None),
    ("AT_LEAST_ONE_FAILED", (S, S), X),
    ("ALL_FAILED", (F, T), None),
    ("ALL_FAILED", (S, F), X),
]


def step(run_if: str, *dependencies: Dependency) -> Step:
    return Step(key="t", kind="notebook_task", path=(), settings={}, run_if=run_if, dependencies=dependencies)


@pytest.mark.parametrize("run_if,before,expected", RUN_IF, ids=lambda value: str(getattr(value, "value", value)))
def test_a_task_runs_after_what_its_condition_says(run_if: str, before: tuple[Result, ...], expected: Result | None) -> None:
    names = [f"before{number}" for number in range(len(before))]
    ends = {name: End(result=result) for name, result in zip(names, before, strict=True)}

    end = skipped(step(run_if, *(Dependency(key=name) for name in names)), ends)

    assert (end and end.result) == expected


@pytest.mark.parametrize("outcome", [True, False])
def test_only_the_branch_that_a_condition_takes_runs(*, outcome: bool) -> None:
    ends = {"check": End(result=Result.SUCCESS, output={"outcome": outcome})}

    branches = [skipped(step("ALL_SUCCESS", Dependency(key="check", outcome=branch)), ends) for branch in (outcome, not outcome)]

    assert branches[0] is None
    assert branches[1] is not None
    assert branches[1].result == "EXCLUDED"


@pytest.mark.parametrize("first", [True, False])
def test_a_task_that_waits_for_both_branches_runs_whatever_the_condition_says(*, first: bool) -> None:
    ends = {"check": End(result=Result.SUCCESS, output={"outcome": True})}

    end = skipped(step("AT_LEAST_ONE_SUCCESS", *(Dependency(key="check", outcome=each) for each in (first, not first))), ends)

    assert end is None


def test_a_task_that_is_left_out_says_what_was_before_it() -> None:
    end = skipped(step("ALL_SUCCESS", Dependency(key="load")), {"load": End(result=Result.FAILED)})

    assert end is not None
    assert str(end.fault) == "it runs if ALL_SUCCESS, and load is FAILED"


COMPARED = [
    ("12.0", "EQUAL_TO", "12", False),
    ("12", "EQUAL_TO", "12", True),
    ("true", "NOT_EQUAL", "false", True),
    ("12.0", "GREATER_THAN_OR_EQUAL", "12", True),
    ("10.0", "GREATER_THAN_OR_EQUAL", "12", False),
    ("9", "LESS_THAN", "10", True),
    ("10", "LESS_THAN_OR_EQUAL", "10", True),
    ("10", "GREATER_THAN", "9", True),
]


@pytest.mark.parametrize("left,operator,right,outcome", COMPARED)
def test_texts_are_compared_as_they_are_and_numbers_by_their_values(left: str, operator: str, right: str, *, outcome: bool) -> None:
    assert said(left, operator, right).outcome is outcome


def test_a_comparison_of_numbers_with_a_text_fails_and_names_it() -> None:
    end = said("many", "LESS_THAN", "10")

    assert end.result == "FAILED"
    assert str(end.fault) == "LESS_THAN compares numbers, and 'many' is none"


@pytest.mark.parametrize("left", ["${var.continuous}", "is ${var.continuous}"])
def test_a_flag_is_compared_as_yaml_spells_it(tmp_path: Path, left: str) -> None:
    right = left.replace("${var.continuous}", "true")
    condition = f"{{op: EQUAL_TO, left: '{left}', right: '{right}'}}"
    job = f"resources: {{jobs: {{ask: {{tasks: [{{task_key: asked, condition_task: {condition}}}]}}}}}}\n"
    flag = "bundle: {name: flags}\nvariables: {continuous: {default: true}}\n"
    (tmp_path / "databricks.yml").write_text(flag + job, encoding="utf-8")

    outcome = run_job(Request(root=tmp_path, job="ask", storage=tmp_path / "storage"))

    assert outcome.tasks["asked"].output == {"outcome": True}
