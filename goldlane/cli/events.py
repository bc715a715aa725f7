"""``goldlane events``: the event log of a storage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldlane.cli.options import JsonOption, StorageOption, names, project, storage_or_default
from goldlane.cli.output import print_json, results

if TYPE_CHECKING:
    from rich.text import Text

_STYLES = {"WARN": "yellow", "ERROR": "red", "METRICS": "dim"}
# Spark's own reports are for programs; they are printed when they are asked for.
_FOR_PROGRAMS = {"stream_progress"}


def events(
    storage: StorageOption = None,
    update: Annotated[str | None, typer.Option(help="Only this update (an id or its beginning); 'last' is the newest.")] = None,
    types: Annotated[list[str] | None, typer.Option("--type", metavar="TYPE,..", help="Only these event types.")] = None,
    levels: Annotated[list[str] | None, typer.Option("--level", metavar="LEVEL,..", help="Only these: METRICS, INFO, WARN, ERROR.")] = None,
    as_json: JsonOption = False,  # noqa: FBT002  typer's flag
) -> None:
    """Print what updates did, oldest first."""
    from goldlane.pipelines.eventlog import read_events

    rows = read_events(storage_or_default(storage, project()), update=update)
    wanted, loud = names(types), [level.upper() for level in names(levels) or ()]
    rows = [row for row in rows if (not wanted or row["event_type"] in wanted) and (not loud or row["level"] in loud)]
    if as_json:
        print_json(rows)
    else:
        _show([row for row in rows if wanted or row["event_type"] not in _FOR_PROGRAMS])


def _show(rows: list[dict[str, Any]]) -> None:
    """A line per event under a line per update."""
    console, shown = results(), None
    for row in rows:
        origin = row["origin"]
        if origin["update_id"] != shown:
            shown = origin["update_id"]
            console.print(f"update {shown} of {origin['pipeline_name']}, {row['timestamp']:%Y-%m-%d} (UTC)", style="bold", markup=False)
        console.print(_line(row))


def _line(row: dict[str, Any]) -> Text:
    from rich.text import Text

    style = _STYLES.get(row["level"], "")
    when, kind = f"  {row['timestamp']:%H:%M:%S} ", f"{row['event_type']:<20} "
    return Text.assemble((when, "dim"), (f"{row['level']:<7} ", style), (kind, "dim"), (row["message"], style))
