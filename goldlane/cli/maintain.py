"""``goldlane maintain``: upkeep of a storage."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldlane.cli.options import JsonOption, StorageOption, project, storage_or_default
from goldlane.cli.output import print_json, progress, results

if TYPE_CHECKING:
    from goldlane.maintenance import Maintained, Tended


def maintain(
    *,
    storage: StorageOption = None,
    retain: Annotated[int, typer.Option(min=0, metavar="DAYS", help="Keep files that no newer version needs for so long.")] = 7,
    events: Annotated[int, typer.Option(min=0, metavar="DAYS", help="Keep rows of the event log for so long.")] = 90,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Put small files together, purge files and events that are no longer needed, and delete rows of forgotten entities.

    A retention below 7 days purges also what slow readers may need; --retain 0 leaves the newest version of each table only.
    """
    from goldlane.maintenance import Retention
    from goldlane.maintenance import maintain as maintain_storage
    from goldlane.maintenance.purging import SAFE_DAYS

    if retain < SAFE_DAYS:
        progress().print(
            f"keeping {retain} days, less than Delta's {SAFE_DAYS}: a reader or writer that began earlier loses its files, "
            "and so do time travel and training sets pinned to older versions"
        )
    folder = storage_or_default(storage, project())
    done = maintain_storage(folder, Retention(file_days=retain, event_days=events), dry_run=dry_run, tell=progress().print)
    if as_json:
        print_json(_document(done))
    else:
        _print(done)
    for table in (table for table in done.tables if table.failed):
        sys.stderr.write(f"goldlane: {table.table}: {table.note}\n")
    return 1 if done.has_failed else 0


def _document(done: Maintained) -> dict[str, Any]:
    return {
        "dry_run": done.dry_run,
        "tables": [asdict(table) for table in done.tables],
        "generations_removed": done.generations_removed,
        "running": list(done.running),
        "seconds": done.seconds,
    }


def _print(done: Maintained) -> None:
    from rich.table import Table

    rows = Table("table", "rows deleted", "files compacted", "files purged", "MB purged", box=None)
    for each in done.tables:
        counts = (each.rows_deleted, each.files_compacted, each.files_purged)
        rows.add_row(each.table, *(f"{count:,}" for count in counts), f"{each.bytes_purged / 1e6:,.1f}")
    results().print(rows)
    for line in _notes(done):
        results().print(line, markup=False)


def _notes(done: Maintained) -> list[str]:
    lines = [note for table in done.tables for note in _notes_of(table)]
    if done.running:
        lines.append(f"{', '.join(done.running)} is being updated: nothing was compacted, and no forgotten row deleted; try again later")
    if done.generations_removed:
        lines.append(f"{done.generations_removed} folders of tables as they were before a full refresh were removed")
    return [*lines, "nothing was changed: --dry-run"] if done.dry_run else lines


def _notes_of(table: Tended) -> list[str]:
    lost = table.readable_from
    told = [] if lost is None else [f"{table.table}: versions before {lost} can no longer be read, nor its changes before that"]
    return [*told, f"{table.table}: {table.note}"] if table.note and not table.failed else told
