"""One table of a SQLite store, written inside the transaction that ``SqliteStore.publishing`` holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from goldlane.features.online import shapes, sqlite_schema, sqlite_tiles, sqlite_tombstones
from goldlane.features.online.forgotten import Remaining
from goldlane.features.online.sqlite_catalogue import find_entry, write_entry
from goldlane.features.online.sqlite_files import DECIMAL_ORDER
from goldlane.features.online.sqlite_forgetting import forgotten_of
from goldlane.features.online.sqlite_rows import stored_rows
from goldlane.features.online.store import Publication, Written
from goldlane.features.online.values import quoted
from goldlane.features.types import decimal_scale

if TYPE_CHECKING:
    import pyarrow as pa

    from goldlane.features.declarations import Feature, FeatureTable

_NEXT = "goldlane_next"
_FRESH = "goldlane_fresh"
_TOUCHED = "goldlane_touched"


class SqliteWriter:
    """A ``TableWriter``. Rows go through a table of their own, so that the published one is written once, in the order of its keys."""

    def __init__(self, connection: sqlite3.Connection, table: FeatureTable) -> None:
        self._connection, self._table = connection, table
        self._entry = find_entry(connection, table.name)
        # A table that somebody dropped is published like a new one.
        is_there = bool(sqlite_schema.columns_of(connection, table.name))
        self.previous = self._entry.publication if self._entry and is_there else None
        self._forgotten = forgotten_of(connection, table)
        sqlite_schema.check_names(table)
        before = self._entry.publication.table if self._entry else None
        shapes.check_ownership(table, before, partial(sqlite_schema.columns_of, connection), "the store's file")
        self._has_same_keys = self.previous is not None and shapes.has_same_keys(self.previous.table, table)

    def has_same_shape(self) -> bool:
        """See ``TableWriter``."""
        return self.previous is not None and shapes.has_same_shape(self.previous.table, self._table)

    def replace(self, batches: Iterable[pa.RecordBatch]) -> Written:
        """See ``TableWriter``."""
        kept = [f"{quoted(name)} {kind}" for name, kind in sqlite_schema.undeclared(self._connection, self._table)] if self._fits() else []
        sqlite_schema.create(self._connection, _NEXT, self._table, kept)
        rows = Remaining(batches, self._forgotten)
        self._fill(_NEXT, rows)
        deleted = self._bury_absent_from_next()
        if self._entry is not None and self._entry.publication.table.has_tiles and not self._table.has_tiles:
            sqlite_tiles.drop_tiles(self._connection, self._table)
        self._connection.execute(f"DROP TABLE IF EXISTS {quoted(self._table.name)}")
        self._connection.execute(f"ALTER TABLE {quoted(_NEXT)} RENAME TO {quoted(self._table.name)}")
        sqlite_tombstones.remove_tombstones(self._connection, self._table)
        count = self._count(quoted(self._table.name))
        return Written(rows_written=count, rows_deleted=deleted, rows_forgotten=rows.rows_forgotten)

    def apply(self, touched: Iterable[pa.RecordBatch], newest: Iterable[pa.RecordBatch]) -> Written:
        """See ``TableWriter``."""
        rows = Remaining(newest, self._forgotten)
        self._fill_fresh(rows)
        self._fill_touched(touched)
        sqlite_tombstones.keep_tombstones(self._connection, self._table, same_keys=True)
        keys = ", ".join(map(quoted, self._table.keys))
        gone = f"({keys}) IN (SELECT {keys} FROM temp.{_TOUCHED} EXCEPT SELECT {keys} FROM temp.{_FRESH})"  # noqa: S608  identifiers
        deleted = sqlite_tombstones.bury(self._connection, self._table, gone)
        self._connection.execute(f"DELETE FROM {quoted(self._table.name)} WHERE {gone}")  # noqa: S608  identifiers
        added = self._new_among_fresh()
        written = self._merge("true", "")
        return Written(rows_written=written, rows_deleted=deleted, rows_forgotten=rows.rows_forgotten, rows_added=added)

    def upsert(self, batches: Iterable[pa.RecordBatch]) -> Written:
        """See ``TableWriter``."""
        self._migrate()
        rows = Remaining(batches, self._forgotten)
        self._fill_fresh(rows)
        time, alive = quoted(self._table.event_time), sqlite_tombstones.is_alive(self._table, _FRESH)
        added = self._new_among_fresh(alive)
        written = self._merge(alive, f"WHERE excluded.{time} >= {quoted(self._table.name)}.{time}")
        return Written(rows_written=written, rows_forgotten=rows.rows_forgotten, rows_added=added)

    def write_tiles(self, tiles: Iterable[pa.RecordBatch], touched: Iterable[pa.RecordBatch] | None = None) -> None:
        """See ``TableWriter``."""
        tiles = Remaining(tiles, self._forgotten)
        if touched is None:
            sqlite_tiles.replace_tiles(self._connection, self._table, tiles)
        else:
            self._fill_touched(touched)
            sqlite_tiles.replace_tiles_of(self._connection, self._table, f"temp.{_TOUCHED}", tiles)
            self._drop_temporary()

    def read_tiles(self, keys: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """See ``TableWriter``."""
        return sqlite_tiles.read_tiles(self._connection, self._table, keys)

    def record(self, publication: Publication) -> None:
        """See ``TableWriter``."""
        end = shapes.tombstones_end(self.previous)
        if end is not None and sqlite_schema.columns_of(self._connection, self._table.name + shapes.TOMBSTONES):
            sqlite_tombstones.purge_tombstones(self._connection, self._table, end)
        write_entry(self._connection, publication, self._entry)

    def _migrate(self) -> None:
        sqlite_tombstones.keep_tombstones(self._connection, self._table, same_keys=self.previous is not None)
        if self.previous is None:
            sqlite_schema.create(self._connection, self._table.name, self._table)
            return
        shapes.check_shape(self.previous.table, self._table)
        sqlite_schema.add_features(self._connection, self._table, self.previous.table)

    def _fits(self) -> bool:
        return self.previous is not None and not shapes.changed_columns(self.previous.table, self._table)

    def _fill_fresh(self, batches: Iterable[pa.RecordBatch]) -> None:
        sqlite_schema.create(self._connection, _FRESH, self._table, temporary=True)
        self._fill(_FRESH, batches)

    def _fill_touched(self, batches: Iterable[pa.RecordBatch]) -> None:
        keys = ", ".join(map(quoted, self._table.keys))
        self._connection.execute(f"CREATE TEMP TABLE {_TOUCHED} ({keys}, PRIMARY KEY ({keys})) WITHOUT ROWID")
        marks = ", ".join("?" for _ in self._table.keys)
        for batch in batches:
            statement = f"INSERT OR IGNORE INTO temp.{_TOUCHED} VALUES ({marks})"  # noqa: S608  identifiers
            self._connection.executemany(statement, stored_rows(batch, self._table.key_types))

    def _fill(self, name: str, batches: Iterable[pa.RecordBatch]) -> None:
        """The newest row of each key; among rows of one time the greatest, whatever order they come in."""
        table, types = self._table, shapes.types_of(self._table)
        columns = ", ".join(map(quoted, table.columns))
        statement = (
            f"INSERT INTO {quoted(name)} ({columns}) VALUES ({', '.join('?' for _ in types)}) "  # noqa: S608  identifiers
            f"ON CONFLICT ({', '.join(map(quoted, table.keys))}) DO UPDATE SET {self._assignments(())} WHERE {self._is_greater(name)}"
        )
        for batch in batches:
            self._connection.executemany(statement, stored_rows(batch, types))

    def _merge(self, condition: str, guard: str) -> int:
        """Fresh rows into the published table. Columns that are no longer declared hold NULL: an old value never stands beside new ones."""
        columns = ", ".join(map(quoted, self._table.columns))
        lost = [name for name, _ in sqlite_schema.undeclared(self._connection, self._table)]
        written = self._connection.execute(
            f"INSERT INTO {quoted(self._table.name)} ({columns}) SELECT {columns} FROM temp.{_FRESH} WHERE {condition} "  # noqa: S608  identifiers
            f"ON CONFLICT ({', '.join(map(quoted, self._table.keys))}) DO UPDATE SET {self._assignments(lost)} {guard}"
        ).rowcount
        sqlite_tombstones.remove_tombstones(self._connection, self._table, f"temp.{_FRESH}")
        self._drop_temporary()
        return written

    def _assignments(self, lost: Iterable[str]) -> str:
        values = self._table.columns[len(self._table.keys) :]
        return ", ".join([*(f"{quoted(name)} = excluded.{quoted(name)}" for name in values), *(f"{quoted(name)} = NULL" for name in lost)])

    def _is_greater(self, name: str) -> str:
        time = quoted(self._table.event_time)
        ranks = [", ".join(_rank(side, feature) for feature in self._table.features) for side in ("excluded", quoted(name))]
        newer = f"excluded.{time} > {quoted(name)}.{time}"
        return f"{newer} OR (excluded.{time} = {quoted(name)}.{time} AND ({ranks[0]}) > ({ranks[1]}))"

    def _bury_absent_from_next(self) -> int:
        sqlite_tombstones.keep_tombstones(self._connection, self._table, same_keys=self._has_same_keys)
        if self.previous is None:
            return 0
        name = quoted(self._table.name)
        if not self._has_same_keys:
            return self._count(name)
        same = shapes.same_key(self._table, "other", name)
        absent = f"NOT EXISTS (SELECT 1 FROM {_NEXT} AS other WHERE {same})"  # noqa: S608  identifiers
        return sqlite_tombstones.bury(self._connection, self._table, absent)

    def _new_among_fresh(self, condition: str = "true") -> int:
        same = shapes.same_key(self._table, "other", _FRESH)
        known = f"EXISTS (SELECT 1 FROM main.{quoted(self._table.name)} AS other WHERE {same})"  # noqa: S608  identifiers
        return self._count(f"temp.{_FRESH} WHERE NOT {known} AND {condition}")

    def _count(self, what: str) -> int:
        (count,) = self._connection.execute(f"SELECT count(*) FROM {what}").fetchone()  # noqa: S608  identifiers
        return int(count)

    def _drop_temporary(self) -> None:
        for name in (_FRESH, _TOUCHED):
            self._connection.execute(f"DROP TABLE IF EXISTS temp.{name}")


def _rank(side: str, feature: Feature) -> str:
    """NULL compares with nothing, so a feature is compared as (is it there, its value)."""
    column = f"{side}.{quoted(feature.name)}"
    order = "" if decimal_scale(feature.type) is None else f" COLLATE {DECIMAL_ORDER}"
    return f"{column} IS NOT NULL, ifnull({column}, 0){order}"
