"""The right to be forgotten in SQLite: ``goldlane_forgotten`` holds hashes of keys that no publish brings back."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.features.online.forgotten import Forgotten, entity_hash, new_salt
from goldlane.features.online.shapes import TILES, TOMBSTONES
from goldlane.features.online.sqlite_catalogue import take_a_key_off
from goldlane.features.online.sqlite_files import clear_errors, open_writer, transaction
from goldlane.features.online.sqlite_schema import columns_of
from goldlane.features.online.values import quoted

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable

_SALT = "CREATE TABLE IF NOT EXISTS goldlane_salt (salt TEXT NOT NULL)"
_FORGOTTEN = """
CREATE TABLE IF NOT EXISTS goldlane_forgotten (
    table_name TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    forgotten_at INTEGER NOT NULL,
    PRIMARY KEY (table_name, key_hash)
) WITHOUT ROWID
"""


def forget(path: Path, table: FeatureTable, key: tuple[object, ...]) -> bool:
    """Delete what ``table`` holds of ``key`` and remember its hash, in one transaction; whether there was a row.

    The bytes are overwritten in the file, those of earlier snapshots, too. The write-ahead log, which may hold them as well, is emptied
    unless somebody reads right now.
    """
    with closing(open_writer(path)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        with transaction(connection, path):
            found = _delete(connection, quoted(table.name), table, key)
            for suffix in (TILES, TOMBSTONES):
                if columns_of(connection, table.name + suffix):
                    _delete(connection, quoted(table.name + suffix), table, key)
            if found:
                take_a_key_off(connection, table.name)
            _remember(connection, table, key)
        with clear_errors(path):
            (free,) = connection.execute("PRAGMA freelist_count").fetchone()
            if free:
                # Snapshots leave pages behind that nothing refers to and that still hold old rows.
                connection.execute("VACUUM")
            connection.execute("PRAGMA busy_timeout = 0")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return found


def forgotten_of(connection: sqlite3.Connection, table: FeatureTable) -> Forgotten | None:
    """The keys of ``table`` that this store has forgotten; None when there are none."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'goldlane_forgotten'").fetchone() is None:
        return None
    rows = connection.execute("SELECT key_hash FROM goldlane_forgotten WHERE table_name = ?", (table.name,)).fetchall()
    if not rows:
        return None
    return Forgotten(key_types=table.key_types, salt=_salt(connection), hashes=frozenset(key_hash for (key_hash,) in rows))


def _delete(connection: sqlite3.Connection, name: str, table: FeatureTable, key: tuple[object, ...]) -> bool:
    same = " AND ".join(f"{quoted(column)} = ?" for column in table.keys)
    return connection.execute(f"DELETE FROM {name} WHERE {same}", key).rowcount > 0  # noqa: S608  identifiers


def _remember(connection: sqlite3.Connection, table: FeatureTable, key: tuple[object, ...]) -> None:
    for statement in (_SALT, _FORGOTTEN):
        connection.execute(statement)
    connection.execute("INSERT INTO goldlane_salt SELECT ? WHERE NOT EXISTS (SELECT 1 FROM goldlane_salt)", (new_salt(),))
    key_hash = entity_hash(_salt(connection), dict(zip(table.keys, key, strict=True)))
    row = (table.name, key_hash, time.time_ns() // 1000)
    connection.execute("INSERT INTO goldlane_forgotten VALUES (?, ?, ?) ON CONFLICT DO NOTHING", row)


def _salt(connection: sqlite3.Connection) -> str:
    (salt,) = connection.execute("SELECT salt FROM goldlane_salt").fetchone()
    return str(salt)
