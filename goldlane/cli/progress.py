"""What a person sees while an update runs: a live line per dataset on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from goldlane.cli.output import progress

if TYPE_CHECKING:
    from rich.table import Table
    from typing_extensions import Self

    from goldlane.pipelines.events import Event

_QUIET = {"dataset_definition", "flow_definition", "create_update"}


class UpdateDisplay:
    """Shows the events of an update on stderr."""

    def __init__(self) -> None:
        self._console = progress()
        self._live = self._console.is_terminal
        self._lines: dict[str, tuple[str, str, float]] = {}
        self._rows: dict[str, int] = {}
        self._display: object = None

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
        if event.event_type in _QUIET:
            return
        if not self._live:
            sys.stderr.write(f"{event.timestamp:%H:%M:%S} {event.message}\n")
            return
        dataset = event.origin.get("dataset_name")
        if dataset is not None:
            status = str(event.details.get("status", "UNCHANGED"))
            metrics = event.details.get("metrics") or {}
            self._rows[dataset] = self._rows.get(dataset, 0) + sum(metrics.values())
            started = self._lines.get(dataset, ("", "", time.monotonic()))[2]
            self._lines[dataset] = (status, f"{self._rows[dataset]:,} rows", started)

    def _table(self) -> Table:
        from rich.table import Table

        table = Table(box=None, pad_edge=False, show_header=False)
        styles = {"COMPLETED": "green", "FAILED": "red", "SKIPPED": "yellow"}
        for dataset, (status, rows, _) in self._lines.items():
            table.add_row(dataset, f"[{styles.get(status, 'cyan')}]{status}[/]", rows)
        return table
