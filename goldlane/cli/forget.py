"""``goldlane forget``: the right to be forgotten."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldlane.cli.application import declared_tables
from goldlane.cli.lookup import entity_of_arguments
from goldlane.cli.options import JsonOption, StorageOption, project, storage_or_default
from goldlane.cli.output import print_json, progress, results
from goldlane.cli.stores import StoreOption, store_or_default

if TYPE_CHECKING:
    from goldlane.maintenance import Forgetting


def forget(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="A feature table that knows the entity by this key.")],
    key: Annotated[list[str], typer.Argument(metavar="KEY=VALUE...", help="The entity, as in customer_id=C000123.")],
    *,
    storage: StorageOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Forget one entity, online and in the storage: no publish, update or full refresh brings it back.

    Files still hold its rows until `goldlane maintain` purges them. Doing it again is harmless; exit 1 while an update runs.
    """
    from goldlane.maintenance import forget as forget_entity
    from goldlane.maintenance.forgetting import find_table

    entity, settings = entity_of_arguments(key, "forget"), project()
    folder, target = storage_or_default(storage, settings), store_or_default(store, settings)
    declared = {} if settings.features is None else {each.name: each for each in declared_tables(settings)}
    done = forget_entity(find_table(table, declared, target), entity, folder, target, progress().print)
    if as_json:
        print_json(_document(done))
    else:
        _print(done)
    if not done.is_complete:
        running = ", ".join(done.running)
        sys.stderr.write(
            f"goldlane: {running} is being updated: the rows in the storage's tables are still there\n"
            "  next: the same command, or goldlane maintain, once the update has ended\n"
        )
    return 0 if done.is_complete else 1


def _document(done: Forgetting) -> dict[str, Any]:
    return {
        "table": done.table,
        "complete": done.is_complete,
        "online": [{"table": name, "rows_deleted": rows} for name, rows in done.online.items()],
        "storage": [{"table": each.table, "rows_deleted": each.rows_deleted} for each in done.swept],
        "running": list(done.running),
        "seconds": done.seconds,
    }


def _print(done: Forgetting) -> None:
    from rich.table import Table

    rows = Table("where", "table", "rows deleted", box=None)
    for name, count in done.online.items():
        rows.add_row("online", name, f"{count:,}")
    for each in done.swept:
        rows.add_row("storage", each.table, f"{each.rows_deleted:,}")
    results().print(rows)
