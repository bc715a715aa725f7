"""Tiles in SQLite: for table X, the table ``X__tiles`` with one row per row of ``goldlane.features.tiles``."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from goldlane.features.online.finishing import finished
from goldlane.features.online.shapes import TILES
from goldlane.features.online.sqlite_rows import batch_of, stored_rows
from goldlane.features.online.sqlite_schema import columns_of
from goldlane.features.online.values import column_type, quoted
from goldlane.features.tiles import INSTANT_HOP, Tile, needs_instants, tiles_needed

if TYPE_CHECKING:
    import pyarrow as pa

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online.store import Answer

COLUMNS = {"hop": "bigint", "tile": "bigint", "at": "timestamp", "partials": "string"}


class TileReader:
    """Merges one key's tiles as of the read time: what an idle key did long ago no longer counts."""

    def __init__(self, table: FeatureTable) -> None:
        self._table = table
        keys = " AND ".join(f"{quoted(key)} = ?" for key in table.keys)
        self._select = f"SELECT hop, tile, at, partials FROM {tiles_of(table)} WHERE {keys} AND hop = ? AND tile BETWEEN ? AND ?"  # noqa: S608  identifiers

    def __call__(self, stored: Answer, reader: sqlite3.Connection, key: tuple[object, ...], now: int) -> Answer:
        """``stored``, which holds the features as of the key's newest event, with those that have tiles as of ``now``."""
        if stored.expired:
            return stored
        needed = tiles_needed(self._table, now)
        instants = needed.pop(INSTANT_HOP)
        tiles = [tile for hop, wanted in needed.items() for tile in self._tiles(reader, key, hop, wanted)]
        if needs_instants(self._table, tiles, now):
            tiles += self._tiles(reader, key, INSTANT_HOP, instants)
        return finished(stored, self._table, tiles, now)

    def _tiles(self, reader: sqlite3.Connection, key: tuple[object, ...], hop: int, wanted: range) -> list[Tile]:
        rows = reader.execute(self._select, (*key, hop, wanted.start, wanted.stop - 1)).fetchall()
        # One text is parsed in a third of the time that many take.
        parsed = json.loads(f"[{','.join([row[3] for row in rows])}]")
        return [Tile(hop=hop, tile=tile, at=at, partials=partials) for (hop, tile, at, _), partials in zip(rows, parsed, strict=True)]


def tiles_of(table: FeatureTable) -> str:
    """The name of a table's tiles in SQL."""
    return quoted(table.name + TILES)


def replace_tiles(connection: sqlite3.Connection, table: FeatureTable, tiles: Iterable[pa.RecordBatch]) -> None:
    """The table's tiles become ``tiles``."""
    drop_tiles(connection, table)
    columns = ", ".join(f"{quoted(name)} {column_type(kind)} NOT NULL" for name, kind in _types(table).items())
    keys = ", ".join(map(quoted, (*table.keys, "hop", "tile")))
    connection.execute(f"CREATE TABLE {tiles_of(table)} ({columns}, PRIMARY KEY ({keys})) WITHOUT ROWID")
    insert_tiles(connection, table, tiles)


def drop_tiles(connection: sqlite3.Connection, table: FeatureTable) -> None:
    """Forget the table's tiles, if it has any."""
    connection.execute(f"DROP TABLE IF EXISTS {tiles_of(table)}")


def replace_tiles_of(connection: sqlite3.Connection, table: FeatureTable, touched: str, tiles: Iterable[pa.RecordBatch]) -> None:
    """The tiles of the keys in the table ``touched`` become ``tiles``."""
    name = tiles_of(table)
    keys = ", ".join(map(quoted, table.keys))
    connection.execute(f"DELETE FROM {name} WHERE ({keys}) IN (SELECT {keys} FROM {touched})")  # noqa: S608  identifiers
    insert_tiles(connection, table, tiles)


def insert_tiles(connection: sqlite3.Connection, table: FeatureTable, tiles: Iterable[pa.RecordBatch]) -> None:
    """Add tiles that are not there yet."""
    types = _types(table)
    statement = f"INSERT INTO {tiles_of(table)} VALUES ({', '.join('?' for _ in types)})"  # noqa: S608  identifiers
    for batch in tiles:
        connection.executemany(statement, stored_rows(batch, types))


def read_tiles(connection: sqlite3.Connection, table: FeatureTable, keys: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The tiles of ``keys``; nothing where the table has none yet."""
    if columns_of(connection, table.name + TILES):
        conditions = " AND ".join(f"{quoted(key)} = ?" for key in table.keys)
        statement = f"SELECT {', '.join(map(quoted, _types(table)))} FROM {tiles_of(table)} WHERE {conditions}"  # noqa: S608  identifiers
        for batch in keys:
            found = (connection.execute(statement, key).fetchall() for key in stored_rows(batch, table.key_types))
            yield batch_of([row for rows in found for row in rows], _types(table))


def _types(table: FeatureTable) -> dict[str, str]:
    return {**{key: table.key_types[key] for key in table.keys}, **COLUMNS}
