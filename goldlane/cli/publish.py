"""``goldlane publish``: gold tables to the online store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldlane.cli.application import application
from goldlane.cli.options import JsonOption, StorageOption, project, storage_or_default
from goldlane.cli.output import print_json, progress, results
from goldlane.cli.stores import StoreOption, store_or_default
from goldlane.errors import Mistakes, UsageError
from goldlane.settings import Settings

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.publishing import Published


def publish(
    tables: Annotated[
        list[str] | None, typer.Argument(metavar="TABLE...", help="The feature tables to publish; all of them when none is named.")
    ] = None,
    *,
    storage: StorageOption = None,
    store: StoreOption = None,
    mode: Annotated[str, typer.Option(help="triggered: what changed since the last time; snapshot: everything.")] = "triggered",
    as_json: JsonOption = False,
) -> None:
    """Bring the online store up to date with the gold tables."""
    from goldlane.features.publishing import publish as publish_table
    from goldlane.features.publishing import require_gold

    settings = project()
    folder = storage_or_default(storage, settings)
    target = store_or_default(store, settings)
    chosen = _chosen(declared_tables(settings), tables or [])
    require_gold(chosen, folder)
    published = []
    for table in chosen:
        progress().print(f"publishing {table.name}")
        published.append(publish_table(table, folder, target, mode=mode))  # type: ignore[arg-type]  # publish itself refuses an unknown mode
    if as_json:
        print_json({"tables": [_document(each) for each in published]})
    else:
        _print(published)


def declared_tables(settings: Settings) -> tuple[FeatureTable, ...]:
    """The project's ``FEATURE_TABLES``, found through ``[tool.goldlane] features``."""
    if settings.features is None:
        raise UsageError("no feature tables are declared", hint='set features = "package.module" under [tool.goldlane] in pyproject.toml')
    found = application(settings.features, settings, setting="features")
    tables = getattr(found, "FEATURE_TABLES", found)
    if not isinstance(tables, Iterable):
        raise UsageError(f"[tool.goldlane] features = {settings.features!r} has no FEATURE_TABLES", hint="a tuple of FeatureTable")
    return tuple(tables)


def _chosen(known: Sequence[FeatureTable], names: Sequence[str]) -> Sequence[FeatureTable]:
    by_name = {table.name: table for table in known}
    unknown = [f"there is no feature table {name!r}" for name in names if name not in by_name]
    if unknown:
        raise Mistakes(f"known feature tables are {', '.join(by_name) or 'none'}", unknown)
    return [by_name[name] for name in dict.fromkeys(names)] if names else known


def _document(published: Published) -> dict[str, Any]:
    return {
        "name": published.table,
        "mode": published.mode,
        "version": published.version,
        "rows_written": published.rows_written,
        "rows_deleted": published.rows_deleted,
        "rows_late": published.rows_late,
        "rows_rejected": published.rows_rejected,
        "seconds": published.seconds,
        "note": published.note,
    }


def _print(published: Sequence[Published]) -> None:
    from rich.table import Table

    table = Table("table", "mode", "version", "written", "deleted", "rejected", "seconds", box=None)
    for each in published:
        counts = (each.rows_written, each.rows_deleted, each.rows_rejected)
        table.add_row(each.table, each.mode, str(each.version), *(f"{count:,}" for count in counts), f"{each.seconds:.2f}")
    results().print(table)
    for each in published:
        if each.note:
            results().print(f"{each.table}: {each.note}")
