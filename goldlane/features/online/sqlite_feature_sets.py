"""Feature sets in a SQLite store: one row of ``goldlane_sets`` per set; the table is there from the first set on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from goldlane.features.feature_sets import FeatureSet

_TABLE = "CREATE TABLE IF NOT EXISTS goldlane_sets (name TEXT NOT NULL PRIMARY KEY, declaration TEXT NOT NULL) WITHOUT ROWID"
_FIND = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'goldlane_sets'"


def read_feature_sets(connection: sqlite3.Connection) -> tuple[FeatureSet, ...]:
    """Every set, by name; none in a store that was never given one."""
    if connection.execute(_FIND).fetchone() is None:
        return ()
    rows = connection.execute("SELECT declaration FROM goldlane_sets ORDER BY name").fetchall()
    return tuple(FeatureSet.from_json(declaration) for (declaration,) in rows)


def write_feature_sets(connection: sqlite3.Connection, sets: Iterable[FeatureSet]) -> None:
    """Add or replace ``sets`` by their names."""
    connection.execute(_TABLE)
    rows = [(each.name, each.to_json()) for each in sets]
    connection.executemany(
        "INSERT INTO goldlane_sets VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET declaration = excluded.declaration", rows
    )
