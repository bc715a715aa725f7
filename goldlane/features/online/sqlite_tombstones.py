"""Deleted entities in SQLite: for table X, the table ``X__deleted`` with the keys, the deleted row's event time, and when it was deleted.

A key has a row in X, or one in ``X__deleted``, or none in either, never both.
"""

from __future__ import annotations

import sqlite3
import time
from datetime import datetime
from typing import TYPE_CHECKING

from goldlane.features.online.shapes import TOMBSTONES, same_key
from goldlane.features.online.values import column_type, microseconds_of, quoted

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable


def tombstones_of(table: FeatureTable) -> str:
    """The name of a table's tombstones in SQL."""
    return quoted(table.name + TOMBSTONES)


def keep_tombstones(connection: sqlite3.Connection, table: FeatureTable, *, same_keys: bool) -> None:
    """A place for tombstones, those that are there kept; empty when keys or time are others than before."""
    if not same_keys:
        connection.execute(f"DROP TABLE IF EXISTS {tombstones_of(table)}")
    keys = [f"{quoted(key)} {column_type(table.key_types[key])} NOT NULL" for key in table.keys]
    times = f'{quoted(table.event_time)} INTEGER NOT NULL, "deleted_at" INTEGER NOT NULL'
    primary = ", ".join(map(quoted, table.keys))
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {tombstones_of(table)} ({', '.join(keys)}, {times}, PRIMARY KEY ({primary})) WITHOUT ROWID"
    )


def bury(connection: sqlite3.Connection, table: FeatureTable, condition: str) -> int:
    """A tombstone for each row that meets ``condition`` and is about to be deleted; how many they are."""
    columns = ", ".join(map(quoted, (*table.keys, table.event_time)))
    return connection.execute(
        f"INSERT OR REPLACE INTO {tombstones_of(table)} SELECT {columns}, ? FROM {quoted(table.name)} WHERE {condition}",  # noqa: S608  identifiers
        (time.time_ns() // 1000,),
    ).rowcount


def purge_tombstones(connection: sqlite3.Connection, table: FeatureTable, before: datetime) -> None:
    """Tombstones of what was deleted before then."""
    connection.execute(f"DELETE FROM {tombstones_of(table)} WHERE deleted_at < ?", (microseconds_of(before),))  # noqa: S608  identifiers


def remove_tombstones(connection: sqlite3.Connection, table: FeatureTable, fresh: str | None = None) -> None:
    """Of the keys that have a row again; only keys in the table ``fresh`` are looked at, where it is given."""
    stones, keys = tombstones_of(table), ", ".join(map(quoted, table.keys))
    present = f"EXISTS (SELECT 1 FROM {quoted(table.name)} AS other WHERE {same_key(table, 'other', stones)})"  # noqa: S608  identifiers
    likely = "" if fresh is None else f"({keys}) IN (SELECT {keys} FROM {fresh}) AND "  # noqa: S608  identifiers
    connection.execute(f"DELETE FROM {stones} WHERE {likely}{present}")  # noqa: S608  identifiers


def is_alive(table: FeatureTable, fresh: str) -> str:
    """Of a row in ``fresh``: whether it is newer than what was deleted of its key, if anything was."""
    at = quoted(table.event_time)
    return (
        f"NOT EXISTS (SELECT 1 FROM {tombstones_of(table)} AS other "  # noqa: S608  identifiers
        f"WHERE {same_key(table, 'other', fresh)} AND other.{at} >= {fresh}.{at})"
    )
