"""``goldlane events``: the event log of a storage."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from goldlane.cli.options import JsonOption, StorageOption, project, storage_or_default
from goldlane.cli.output import print_json, results


def events(
    storage: StorageOption = None,
    update: Annotated[str | None, typer.Option(help="Only this update (an id or its beginning); 'last' is the newest.")] = None,
    as_json: JsonOption = False,  # noqa: FBT002  typer's flag
) -> None:
    """Print what updates did, oldest first."""
    from goldlane.pipelines.eventlog import read_events

    rows = read_events(storage_or_default(storage, project()), update=update)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        results().print(_line(row), markup=False)


def _line(row: dict[str, Any]) -> str:
    return f"{row['timestamp']:%Y-%m-%d %H:%M:%S} {row['level']:<7} {row['message']}"
