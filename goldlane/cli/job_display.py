"""What a person sees while a job runs: a live line per task on a terminal, plain lines in a log; and the table at its end."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from goldlane.cli.output import progress, results

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table
    from rich.text import Text
    from typing_extensions import Self

    from goldlane.bundles.running import Fault, Outcome
    from goldlane.bundles.running.events import JobEvent

_STYLES = {
    "SUCCESS": "green",
    "SUCCESS_WITH_FAILURES": "yellow",
    "EXCLUDED": "dim",
    "DISABLED": "dim",
    "FAILED": "red",
    "TIMEDOUT": "red",
    "CANCELED": "yellow",
    "UPSTREAM_FAILED": "yellow",
    "UPSTREAM_CANCELED": "yellow",
}


@dataclass(slots=True)
class _Line:
    """What is shown of one task; ``seconds`` is set when it is over."""

    status: str = ""
    text: str = ""
    started: float = field(default_factory=time.monotonic)
    seconds: float | None = None

    def take(self, event: JobEvent) -> None:
        """Take an event of this task in."""
        if event.happening == "PROGRESS":
            self.text = event.text
            return
        if event.happening == "RUNNING":
            self.started = time.monotonic()
        ended = event.happening == "TERMINATED" and event.end is not None
        self.status = event.end.result.value if ended and event.end is not None else event.happening
        self.text = "" if ended else event.text or (f"attempt {event.attempt}" if event.attempt > 1 else "")
        self.seconds = time.monotonic() - self.started if ended else None

    def cells(self) -> tuple[Text, Text, Text]:
        """Status, seconds so far, what it does."""
        from rich.text import Text

        seconds = time.monotonic() - self.started if self.seconds is None else self.seconds
        return Text(self.status, _STYLES.get(self.status, "cyan")), Text(f"{seconds:.1f} s"), Text(self.text)


class JobDisplay:
    """Shows the events of a job run on stderr."""

    def __init__(self) -> None:
        self._console = progress()
        self._lines: dict[str, _Line] = {}
        self._display: Live | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            from rich.live import Live

            self._display = Live(get_renderable=self._table, console=self._console, refresh_per_second=5, transient=True)
            self._display.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._display is not None:
            self._display.stop()

    def listen(self, event: JobEvent) -> None:
        """Take one event in."""
        if self._display is not None:
            self._lines.setdefault(event.task, _Line()).take(event)
        else:
            sys.stderr.write(f"{event.at:%H:%M:%S} {_told(event)}\n")

    def _table(self) -> Table:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, show_header=False)
        for task, line in list(self._lines.items()):
            table.add_row(Text(task), *line.cells())
        return table


def show(outcome: Outcome, options: Sequence[str] = ()) -> None:
    """The run as a table on stdout; why tasks failed, in the user's files, on stderr. ``options`` are those that a repair needs again."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in ("task", "result", "attempts", "values"):
        table.add_column(column)
    for task, end in outcome.tasks.items():
        if end.fault is not None and end.result.is_failure:
            sys.stderr.write(f"goldlane: {task}: {end.result}: {fault_text(end.fault)}\n")
        values = ", ".join(f"{key}={value}" for key, value in end.values.items())
        kept = " (of the earlier run)" if task in outcome.kept else ""
        table.add_row(task, Text(f"{end.result}{kept}", _STYLES.get(end.result.value, "")), str(end.attempts or ""), Text(values))
    results().print(table)
    results().print(f"{outcome.job} {outcome.result} in {outcome.seconds:.1f} s, run {outcome.run_id}", markup=False)
    if not outcome.is_good:
        again = shlex.join(["goldlane", "job", outcome.job, *options, "--repair", str(outcome.run_id)])
        progress().print(f"mend it, then run what failed again: {again}", markup=False, soft_wrap=True)


def fault_text(fault: Fault) -> str:
    """Why a task failed; its file as seen from the current folder."""
    if not fault.file:
        return fault.message
    near = Path(fault.file).is_relative_to(Path.cwd())
    file = os.path.relpath(fault.file) if near else fault.file
    cell = f" (cell {fault.cell})" if fault.cell else ""
    return f"{file}:{fault.line}{cell}: {fault.message}"


def _told(event: JobEvent) -> str:
    if event.happening == "TERMINATED" and event.end is not None:
        why = f": {fault_text(event.end.fault)}" if event.end.fault is not None and not event.end.result.is_good else ""
        return f"{event.task}: {event.end.result}{why}"
    if event.happening == "PROGRESS":
        return f"{event.task}: {event.text}"
    again = f" (attempt {event.attempt})" if event.attempt > 1 and event.happening == "RUNNING" else ""
    return f"{event.task}: {event.happening}{again}{' ' if event.text else ''}{event.text}"
