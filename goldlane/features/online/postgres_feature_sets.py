"""Feature sets in a PostgreSQL store: one row of ``goldlane_sets`` per set; the table is there from the first set on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from goldlane.features.feature_sets import FeatureSet

if TYPE_CHECKING:
    from psycopg import Connection

EXISTS = "SELECT to_regclass('goldlane_sets') IS NOT NULL"
ALL_SETS = 'SELECT declaration FROM goldlane_sets ORDER BY name COLLATE "C"'
_TABLE = "CREATE TABLE IF NOT EXISTS goldlane_sets (name text PRIMARY KEY, declaration text NOT NULL)"
_WRITE = "INSERT INTO goldlane_sets VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET declaration = excluded.declaration"


def sets_of(rows: Iterable[Sequence[Any]]) -> tuple[FeatureSet, ...]:
    """The sets in the rows of ``ALL_SETS``."""
    return tuple(FeatureSet.from_json(declaration) for (declaration,) in rows)


def write_feature_sets(connection: Connection[Any], sets: Iterable[FeatureSet]) -> None:
    """Add or replace ``sets`` by their names."""
    connection.execute(_TABLE)
    for each in sets:
        connection.execute(_WRITE, (each.name, each.to_json()))
