"""What a person sees while an update runs: a live line per dataset on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING

from goldlane.cli.output import progress

if TYPE_CHECKING:
    from rich.table import Table
    from typing_extensions import Self

    from goldlane.pipelines.events import Event

# What a person watching an update wants to hear; the log holds the rest.
_HEARD = {"flow_progress", "update_progress", "planning_information", "hook_progress", "deprecation"}
_QUIET = {"QUEUED", "EXCLUDED", "CREATED", "SETTING_UP_TABLES"}
STYLES = {"COMPLETED": "green", "UNCHANGED": "green", "FAILED": "red", "SKIPPED": "yellow", "STOPPED": "yellow", "QUEUED": "dim"}


@dataclass(slots=True)
class _Line:
    """What is shown of one dataset; ``seconds`` is set when it is over."""

    status: str = ""
    rows: int = 0
    started: float = field(default_factory=time.monotonic)
    seconds: float | None = None

    def take(self, event: Event) -> None:
        """Take an event of this dataset in."""
        metrics = event.details.get("metrics") or {}
        status = _status(event)
        if status == "STARTING":
            self.started = time.monotonic()
        # A view that was left alone completes, too; that it was left alone is worth more.
        self.status = self.status if (self.status, status) == ("UNCHANGED", "COMPLETED") else status
        self.rows += metrics.get("num_output_rows", 0) + metrics.get("num_upserted_rows", 0)
        self.seconds = time.monotonic() - self.started if self.status in STYLES else None

    def cells(self) -> tuple[str, str, str]:
        """Status, rows, seconds so far."""
        if self.status == "QUEUED":
            return f"[{STYLES[self.status]}]{self.status}[/]", "", ""
        seconds = time.monotonic() - self.started if self.seconds is None else self.seconds
        return f"[{STYLES.get(self.status, 'cyan')}]{self.status}[/]", f"{self.rows:,} rows", f"{seconds:.1f} s"


class UpdateDisplay:
    """Shows the events of an update on stderr."""

    def __init__(self) -> None:
        self._console = progress()
        self._live = self._console.is_terminal
        self._lines: dict[str, _Line] = {}
        self._display: object = None
        self._hooks: set[str] = set()

    def __enter__(self) -> Self:
        if self._live:
            from rich.live import Live

            self._display = Live(get_renderable=self._table, console=self._console, refresh_per_second=5, transient=True)
            self._display.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._display is not None:
            self._display.stop()  # type: ignore[attr-defined]

    def listen(self, event: Event) -> None:
        """Take one event in."""
        if event.event_type not in _HEARD or _status(event) == "EXCLUDED" or self._is_repeated(event):
            return
        if not self._live:
            if _status(event) not in _QUIET and not _is_recompute(event):
                sys.stderr.write(f"{event.timestamp:%H:%M:%S} {event.message}\n")
            return
        dataset = event.origin.get("dataset_name")
        if dataset is not None and _status(event):
            self._lines.setdefault(dataset, _Line()).take(event)

    def _is_repeated(self, event: Event) -> bool:
        """Whether a hook only fails once more as it did before: it may, with every event of the update."""
        known = event.message in self._hooks
        if event.event_type == "hook_progress":
            self._hooks.add(event.message)
        return known

    def _table(self) -> Table:
        from rich.table import Table

        table = Table(box=None, pad_edge=False, show_header=False)
        for dataset, line in list(self._lines.items()):
            table.add_row(dataset, *line.cells())
        return table


def _status(event: Event) -> str:
    """What an event says of its dataset or update; empty when it says nothing."""
    if event.event_type == "planning_information":
        return "UNCHANGED" if "MAINTENANCE_TYPE_NO_OP" in _techniques(event) else ""
    return str(event.details.get("status") or event.details.get("state") or "")


def _is_recompute(event: Event) -> bool:
    return "MAINTENANCE_TYPE_COMPLETE_RECOMPUTE" in _techniques(event)


def _techniques(event: Event) -> list[str]:
    return [technique["maintenance_type"] for technique in event.details.get("technique_information", ())]
