"""The tables that hold feature rows: made from the declaration, widened when it grows, never narrowed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING

from goldlane.errors import Mistakes
from goldlane.features.online.shapes import TILES, TOMBSTONES, types_of
from goldlane.features.online.values import FLOATS, column_type, quoted

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable


def check_names(table: FeatureTable) -> None:
    """Refuse names that are the store's own, and floating point keys, which are never equal for sure; all at once."""
    mistakes = [
        f"key {key!r} is of type {kind}, which no two machines compare alike" for key, kind in table.key_types.items() if kind in FLOATS
    ]
    if table.name.lower().startswith(("sqlite_", "goldlane_")) or table.name.lower().endswith((TILES, TOMBSTONES)):
        mistakes.append(f"the name {table.name!r} is the store's own")
    if mistakes:
        raise Mistakes(f"{table.name} cannot be kept in SQLite", mistakes)


def create(connection: sqlite3.Connection, name: str, table: FeatureTable, kept: Iterable[str] = (), *, temporary: bool = False) -> None:
    """An empty table: one row per key, stored in the order of the keys. ``kept`` are definitions of columns that the declaration lost."""
    columns = [f"{quoted(column)} {column_type(kind)}{_not_null(column, table)}" for column, kind in types_of(table).items()]
    keys = ", ".join(map(quoted, table.keys))
    place = "TEMP TABLE" if temporary else "TABLE"
    connection.execute(f"CREATE {place} {quoted(name)} ({', '.join([*columns, *kept])}, PRIMARY KEY ({keys})) WITHOUT ROWID")


def add_features(connection: sqlite3.Connection, table: FeatureTable, previous: FeatureTable) -> None:
    """Add the columns that the declaration gained; rows that are there have NULL in them, also where the column was left from before."""
    name, present = quoted(table.name), {column.lower(): kind for column, kind in columns_of(connection, table.name)}
    for feature in table.features:
        column, kind, left = quoted(feature.name), column_type(feature.type), present.get(feature.name.lower())
        if left is not None and feature.name in previous.columns:
            continue
        if left == kind:
            connection.execute(f"UPDATE {name} SET {column} = NULL WHERE {column} IS NOT NULL")  # noqa: S608  identifiers
            continue
        if left is not None:
            connection.execute(f"ALTER TABLE {name} DROP COLUMN {column}")
        connection.execute(f"ALTER TABLE {name} ADD COLUMN {column} {kind}")


def columns_of(connection: sqlite3.Connection, name: str) -> list[tuple[str, str]]:
    """Name and SQL type of each column in the file; nothing when there is no such table."""
    return [(row[1], row[2]) for row in connection.execute(f"PRAGMA main.table_info({quoted(name)})")]


def undeclared(connection: sqlite3.Connection, table: FeatureTable) -> list[tuple[str, str]]:
    """Columns in the file that the declaration does not have (any more)."""
    declared = {column.lower() for column in table.columns}
    return [(name, kind) for name, kind in columns_of(connection, table.name) if name.lower() not in declared]


def _not_null(column: str, table: FeatureTable) -> str:
    return " NOT NULL" if column in (*table.keys, table.event_time) else ""
