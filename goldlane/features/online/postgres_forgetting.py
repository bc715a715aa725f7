"""The right to be forgotten in PostgreSQL: ``goldlane_forgotten`` holds hashes of keys that no publish brings back."""

# ruff: noqa: S608  identifiers only

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from goldlane.features.online.catalogue import with_a_key_less
from goldlane.features.online.forgotten import Forgotten, entity_hash, new_salt
from goldlane.features.online.postgres_schema import columns_of
from goldlane.features.online.postgres_types import key_encoder, parameter_type
from goldlane.features.online.shapes import TILES, TOMBSTONES
from goldlane.features.online.values import quoted

if TYPE_CHECKING:
    from psycopg import Connection

    from goldlane.features.declarations import FeatureTable

_SALT = "CREATE TABLE IF NOT EXISTS goldlane_salt (salt text NOT NULL)"
_FORGOTTEN = """
CREATE TABLE IF NOT EXISTS goldlane_forgotten (
    table_name text NOT NULL,
    key_hash text NOT NULL,
    forgotten_at timestamp with time zone NOT NULL DEFAULT now(),
    PRIMARY KEY (table_name, key_hash)
)
"""


def forget(connection: Connection[Any], table: FeatureTable, key: tuple[Any, ...]) -> bool:
    """Delete what ``table`` holds of ``key`` (as SQLite keeps it) and remember its hash; whether there was a row.

    What is deleted stays in the files until the next vacuum, which is asked for once the transaction is over.
    """
    sent = key_encoder(table)(key)
    found = _delete(connection, table.name, table, sent)
    for suffix in (TILES, TOMBSTONES):
        if columns_of(connection, table.name + suffix):
            _delete(connection, table.name + suffix, table, sent)
    if found:
        _take_a_key_off(connection, table.name)
    connection.execute("LOCK TABLE goldlane_salt")
    connection.execute("INSERT INTO goldlane_salt SELECT $1::text WHERE NOT EXISTS (SELECT 1 FROM goldlane_salt)", (new_salt(),))
    key_hash = entity_hash(_salt(connection), dict(zip(table.keys, key, strict=True)))
    statement = "INSERT INTO goldlane_forgotten (table_name, key_hash) VALUES ($1, $2) ON CONFLICT DO NOTHING"
    connection.execute(statement, (table.name, key_hash))
    return found


def make(connection: Connection[Any]) -> None:
    """The tables that remember; two that make them at once would be in each other's way."""
    for statement in (_SALT, _FORGOTTEN):
        connection.execute(statement)


def vacuum(connection: Connection[Any], table: FeatureTable) -> None:
    """Free what deleted rows took, so that it is written over."""
    for name in (table.name, table.name + TILES, table.name + TOMBSTONES):
        if columns_of(connection, name):
            connection.execute(f"VACUUM {quoted(name)}")


def forgotten_of(connection: Connection[Any], table: FeatureTable) -> Forgotten | None:
    """The keys of ``table`` that this store has forgotten; None when there are none."""
    if not columns_of(connection, "goldlane_forgotten"):
        return None
    rows = connection.execute("SELECT key_hash FROM goldlane_forgotten WHERE table_name = $1", (table.name,)).fetchall()
    if not rows:
        return None
    return Forgotten(key_types=table.key_types, salt=_salt(connection), hashes=frozenset(key_hash for (key_hash,) in rows))


def _delete(connection: Connection[Any], name: str, table: FeatureTable, key: tuple[Any, ...]) -> bool:
    same = " AND ".join(f"{quoted(column)} = ${n}::{parameter_type(table.key_types[column])}" for n, column in enumerate(table.keys, 1))
    return connection.execute(f"DELETE FROM {quoted(name)} WHERE {same}", key).rowcount > 0


def _take_a_key_off(connection: Connection[Any], name: str) -> None:
    for (catalogue,) in connection.execute("SELECT catalogue FROM goldlane_tables WHERE name = $1 FOR UPDATE", (name,)).fetchall():
        connection.execute("UPDATE goldlane_tables SET catalogue = $1 WHERE name = $2", (with_a_key_less(catalogue), name))


def _salt(connection: Connection[Any]) -> str:
    ((salt,),) = connection.execute("SELECT salt FROM goldlane_salt").fetchall()
    return str(salt)
