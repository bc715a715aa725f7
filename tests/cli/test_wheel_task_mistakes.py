"""Wrong arguments of the wheel tasks: told before anything is read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from goldlane.cli.wheel_tasks import run_gate, run_monitor, run_score

SCORE = ["--table", "a", "--scores", "b"]


@pytest.mark.parametrize(
    "program,arguments",
    [(run_gate, []), (run_monitor, []), (run_score, SCORE)],
    ids=["goldlane-gate", "goldlane-monitor", "goldlane-score"],
)
def test_a_project_that_is_no_folder_is_named(
    program: Callable[[list[str]], None], arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        program([*arguments, "--project", "nowhere", "--storage", "nowhere"])

    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "goldlane: --project nowhere: there is no such folder\n  next: name the folder of the application's pyproject.toml\n"
    )


@pytest.mark.parametrize("argument", ["--nope", "--most-dropped=7", "--most-dropped=x"])
def test_wrong_options_are_told_with_the_way_to_help(argument: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run_gate([argument])

    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith("\n  next: goldlane-gate --help\n")
