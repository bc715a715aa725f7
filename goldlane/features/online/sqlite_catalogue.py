"""What a SQLite store says about itself: one row of ``goldlane_tables`` per published table."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from goldlane.features.declarations import FeatureTable
from goldlane.features.online.catalogue import stored_catalogue, with_a_key_less
from goldlane.features.online.store import Publication
from goldlane.features.online.values import EPOCH, microseconds_of

_COLUMNS = "generation, version, source_id, published_at, declaration, catalogue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A table's publication, and its generation: a number that grows whenever a reader's plan for the table is no longer right."""

    publication: Publication
    generation: int


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
    declaration = publication.table.to_json()
    generation = 1 if previous is None else previous.generation + (previous.publication.table.to_json() != declaration)
    connection.execute(
        f"INSERT INTO goldlane_tables (name, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) "  # noqa: S608  constants
        "ON CONFLICT (name) DO UPDATE SET generation = excluded.generation, version = excluded.version, source_id = excluded.source_id, "
        "published_at = excluded.published_at, declaration = excluded.declaration, catalogue = ifnull(excluded.catalogue, catalogue)",
        (
            publication.table.name,
            generation,
            publication.version,
            publication.source_id,
            microseconds_of(publication.published_at or datetime.now(timezone.utc)),
            declaration,
            None if publication.catalogue is None else publication.catalogue.to_json(),
        ),
    )


def take_a_key_off(connection: sqlite3.Connection, name: str) -> None:
    """Count one key less in the catalogue of ``name``."""
    row = connection.execute("SELECT catalogue FROM goldlane_tables WHERE name = ?", (name,)).fetchone()
    if row is not None:
        connection.execute("UPDATE goldlane_tables SET catalogue = ? WHERE name = ?", (with_a_key_less(row[0]), name))


def _entry(row: tuple[int, int | None, str | None, int, str, str | None]) -> Entry:
    generation, version, source_id, published_at, declaration, catalogue = row
    publication = Publication(
        table=FeatureTable.from_json(declaration),
        version=version,
        source_id=source_id,
        published_at=EPOCH + timedelta(microseconds=published_at),
        catalogue=stored_catalogue(catalogue),
    )
    return Entry(publication=publication, generation=generation)
