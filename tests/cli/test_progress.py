"""What a person sees while an update runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldlane.cli.progress import UpdateDisplay
from goldlane.pipelines.events import Event

if TYPE_CHECKING:
    import pytest


def wrote(dataset: str, status: str, **metrics: int) -> Event:
    details = {"status": status, "metrics": metrics}
    return Event(event_type="flow_progress", message=f"{dataset} {status}", origin={"dataset_name": dataset}, details=details)


def test_in_a_log_each_event_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    display = UpdateDisplay()

    display.listen(wrote("silver", "RUNNING", num_output_rows=3))
    display.listen(Event(event_type="dataset_definition", message="Defined silver."))

    assert [line.split(" ", 1)[1] for line in capsys.readouterr().err.splitlines()] == ["silver RUNNING"]


def test_a_hook_that_fails_at_every_event_is_told_of_once(capsys: pytest.CaptureFixture[str]) -> None:
    display = UpdateDisplay()

    for reason in ("no route", "no route", "timed out"):
        display.listen(Event(event_type="hook_progress", message=f"Event hook 'alarm' failed: {reason}"))

    assert [line.split(" ", 1)[1] for line in capsys.readouterr().err.splitlines()] == [
        "Event hook 'alarm' failed: no route",
        "Event hook 'alarm' failed: timed out",
    ]


def test_on_a_terminal_a_dataset_is_one_line_with_its_rows_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    display = UpdateDisplay()

    for event in (wrote("silver", "RUNNING", num_output_rows=1200, num_late_rows=7), wrote("silver", "RUNNING", num_output_rows=34)):
        display.listen(event)
    display.listen(wrote("gold", "COMPLETED", num_upserted_rows=5, num_deleted_rows=2))

    table = display._table()  # noqa: SLF001  what Live draws has no public name
    cells = [list(column.cells) for column in table.columns]
    assert cells[0] == ["silver", "gold"]
    assert cells[1] == ["[cyan]RUNNING[/]", "[green]COMPLETED[/]"]
    assert cells[2] == ["1,234 rows", "5 rows"]
