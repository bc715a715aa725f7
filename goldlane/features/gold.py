"""Where a storage keeps the gold tables of feature tables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import Mistakes, UsageError

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable


def gold_path(table: FeatureTable, storage: Path) -> Path:
    """Where a storage keeps the gold table that ``table.source`` names: ``[[catalog.]schema.]name``, by default the table's own name."""
    schema, _, name = source_name(table).rpartition(".")
    if not storage.is_dir():
        raise UsageError(f"there is no storage at {storage}", hint="goldlane run makes it")
    return storage / "tables" / (schema or "default") / name


def source_name(table: FeatureTable) -> str:
    """The gold table's name, under which its rules are declared."""
    source = table.name if table.source is None else table.source
    if not isinstance(source, str):
        raise UsageError(f"{table.name}: its source is a stream, not a gold table", hint="publish a frame of it")
    return source


def require_gold(tables: Iterable[FeatureTable], storage: Path) -> None:
    """Refuse, before anything is published, a storage that lacks some table's gold table; all that are missing at once."""
    paths = {table.name: gold_path(table, storage) for table in tables}
    missing = [f"{name}: there is no Delta table at {path}" for name, path in paths.items() if not (path / "_delta_log").is_dir()]
    if missing:
        raise Mistakes(f"{storage} lacks gold tables; did the run that makes them complete", missing)
