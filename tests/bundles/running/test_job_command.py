"""``goldlane job``, as it is typed: jobs of conditions, which need no process."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from goldlane.cli.app import main

JOB = """
parameters: [{name: mood, default: good}]
tasks:
  - {task_key: is_good, condition_task: {op: EQUAL_TO, left: "{{job.parameters.mood}}", right: good}}
  - {task_key: is_much, depends_on: [{task_key: is_good, outcome: "true"}], condition_task: {op: GREATER_THAN, left: "2", right: "1"}}
  - {task_key: is_bad, depends_on: [{task_key: is_good, outcome: "false"}], condition_task: {op: LESS_THAN, left: many, right: "1"}}
"""

Typed = Callable[..., int]


@pytest.fixture
def typed(tmp_path: Path, write_bundle: Callable[[Path, str, Mapping[str, str]], Path], monkeypatch: pytest.MonkeyPatch) -> Typed:
    monkeypatch.chdir(write_bundle(tmp_path / "bundle", JOB, {}))
    (tmp_path / "bundle" / "deep").mkdir()

    def run(*arguments: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main(["job", *arguments, "--storage", str(tmp_path / "storage")])
        return int(ended.value.code or 0)

    return run


def test_a_run_that_succeeds_exits_with_0_and_prints_one_document(typed: Typed, capsys: pytest.CaptureFixture[str]) -> None:
    code = typed("job", "--json")

    document = json.loads(capsys.readouterr().out)
    assert (code, document["result_state"], document["parameters"]) == (0, "SUCCESS", {"mood": "good"})
    assert [(task["task"], task["result_state"], task["attempts"]) for task in document["tasks"]] == [
        ("is_good", "SUCCESS", 1),
        ("is_much", "SUCCESS", 1),
        ("is_bad", "EXCLUDED", 0),
    ]


def test_a_run_that_fails_exits_with_1_says_why_and_how_to_go_on(typed: Typed, capsys: pytest.CaptureFixture[str]) -> None:
    code = typed("job", "--param", "mood=bad")

    output = capsys.readouterr()
    assert code == 1
    assert "goldlane: is_bad: FAILED: LESS_THAN compares numbers, and 'many' is none" in output.err
    assert re.search(r"run what failed again: goldlane job job --storage \S+ --repair \d+\n", output.err)
    assert "job FAILED in" in output.out


def test_a_repair_is_told_with_the_options_that_it_needs_again(typed: Typed, capsys: pytest.CaptureFixture[str]) -> None:
    typed("job", "--param", "mood=bad", "--map", "/Volumes/a b=deep", "--conf", "x=1")

    assert "--conf x=1 --map '/Volumes/a b=deep' --repair " in capsys.readouterr().err


def test_a_repair_keeps_the_parameters_of_the_run(typed: Typed, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    typed("job", "--param", "mood=bad", "--json")
    first = json.loads(capsys.readouterr().out)
    file = tmp_path / "bundle" / "databricks.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("left: many", 'left: "0"'), encoding="utf-8")

    code = typed("job", "--repair", str(first["run_id"]), "--json")

    document = json.loads(capsys.readouterr().out)
    assert (code, document["run_id"], document["parameters"]) == (0, first["run_id"], {"mood": "bad"})
    assert [(task["task"], task["result_state"], task["attempts"], task["kept"]) for task in document["tasks"]] == [
        ("is_good", "SUCCESS", 1, True),
        ("is_much", "EXCLUDED", 0, True),
        ("is_bad", "SUCCESS", 2, False),
    ]


def test_a_run_without_failures_needs_no_repair(typed: Typed, capsys: pytest.CaptureFixture[str]) -> None:
    typed("job", "--json")
    run_id = json.loads(capsys.readouterr().out)["run_id"]

    assert typed("job", "--repair", str(run_id)) == 2
    assert "there is nothing to repair" in capsys.readouterr().err


def test_from_a_task_on_it_and_what_waits_for_it_run(typed: Typed, capsys: pytest.CaptureFixture[str]) -> None:
    typed("job", "--from", "is_much", "--json")

    assert [task["task"] for task in json.loads(capsys.readouterr().out)["tasks"]] == ["is_much"]


def test_the_bundle_is_found_from_a_folder_inside_it(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("deep")

    assert typed("job") == 0


@pytest.mark.parametrize(
    "arguments,message",
    [
        (("refresh",), "the bundle has no job 'refresh'; known are job"),
        (("job", "--target", "prod"), "the bundle has no target 'prod'"),
        (("job", "--param", "mood"), "--param takes KEY=VALUE, not 'mood'"),
        (("job", "--param", "moood=x"), "the job has no parameter 'moood'; is it 'mood'?"),
        (("job", "--bundle", "deep"), "has no databricks.yml"),
    ],
)
def test_a_mistake_of_the_caller_is_one_line_and_exits_with_2(
    typed: Typed, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    code = typed(*arguments)

    told = capsys.readouterr().err
    assert code == 2
    assert message in told
    assert "Traceback" not in told


def test_outside_of_a_bundle_the_next_step_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SystemExit) as ended:
        main(["job", "refresh"])

    assert ended.value.code == 2
    assert "next: say --bundle DIR, or go there" in capsys.readouterr().err
