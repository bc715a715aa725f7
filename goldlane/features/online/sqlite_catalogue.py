"""What a SQLite store says about itself: one row of ``goldlane_tables`` per published table."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta, timezone

from goldlane.features.online.catalogue import with_a_key_less
from goldlane.features.online.entries import Entry, catalogue_text, next_generation, stored_entry
from goldlane.features.online.store import Publication
from goldlane.features.online.values import EPOCH, microseconds_of

_COLUMNS = "generation, version, source_id, published_at, declaration, catalogue"


def find_entry(connection: sqlite3.Connection, name: str) -> Entry | None:
    """The entry of ``name``; None when it was never published."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM goldlane_tables WHERE name = ?", (name,)).fetchone()  # noqa: S608  constants
    return None if row is None else _entry(row)


def all_entries(connection: sqlite3.Connection) -> tuple[Entry, ...]:
    """Every entry, by name."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM goldlane_tables ORDER BY name").fetchall()  # noqa: S608  constants
    return tuple(map(_entry, rows))


def write_entry(connection: sqlite3.Connection, publication: Publication, previous: Entry | None) -> None:
    """Remember a publication; a changed declaration starts a new generation."""
    connection.execute(
        f"INSERT INTO goldlane_tables (name, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) "  # noqa: S608  constants
        "ON CONFLICT (name) DO UPDATE SET generation = excluded.generation, version = excluded.version, source_id = excluded.source_id, "
        "published_at = excluded.published_at, declaration = excluded.declaration, catalogue = ifnull(excluded.catalogue, catalogue)",
        (
            publication.table.name,
            next_generation(publication, previous),
            publication.version,
            publication.source_id,
            microseconds_of(publication.published_at or datetime.now(timezone.utc)),
            publication.table.to_json(),
            catalogue_text(publication),
        ),
    )


def take_a_key_off(connection: sqlite3.Connection, name: str) -> None:
    """Count one key less in the catalogue of ``name``."""
    row = connection.execute("SELECT catalogue FROM goldlane_tables WHERE name = ?", (name,)).fetchone()
    if row is not None:
        connection.execute("UPDATE goldlane_tables SET catalogue = ? WHERE name = ?", (with_a_key_less(row[0]), name))


def _entry(row: tuple[int, int | None, str | None, int, str, str | None]) -> Entry:
    generation, version, source_id, published_at, declaration, catalogue = row
    return stored_entry((generation, version, source_id, declaration, catalogue), EPOCH + timedelta(microseconds=published_at))
