"""Tiles in PostgreSQL: for table X, the table ``X__tiles`` with one row per row of ``goldlane.features.tiles``, partials as JSON text."""

# ruff: noqa: S608  identifiers only

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from goldlane.features.online import postgres_merges as merges
from goldlane.features.online import postgres_schema as schema
from goldlane.features.online.postgres_place import Place
from goldlane.features.online.postgres_staging import Staging, stage
from goldlane.features.online.postgres_types import EPOCH_US, column_type, parameter_type
from goldlane.features.online.shapes import TILES
from goldlane.features.online.sqlite_tiles import COLUMNS
from goldlane.features.online.values import quoted

if TYPE_CHECKING:
    import pyarrow as pa
    from psycopg import Connection

    from goldlane.features.declarations import FeatureTable


class TileWriter:
    """The tiles of one table, written inside a publish."""

    def __init__(self, connection: Connection[Any], place: Place, table: FeatureTable) -> None:
        self._connection, self._place, self._table = connection, place, table
        self._name, self._staged = table.name + TILES, schema.staging_name(table, "tiles")

    def replace(self, tiles: Iterable[pa.RecordBatch]) -> None:
        """The table's tiles become ``tiles``."""
        self._stage(tiles, logged=True)
        schema.add_primary_key(self._connection, self._staged, (*self._table.keys, "hop", "tile"))
        schema.swap(self._connection, self._staged, self._name)

    def replace_of(self, touched: str, tiles: Iterable[pa.RecordBatch]) -> None:
        """The tiles of the keys that are staged in ``touched`` become ``tiles``."""
        self._stage(tiles, logged=False)
        schema.run(self._connection, f"DELETE FROM {quoted(self._name)} AS t WHERE {merges.among(self._table, touched)}")
        schema.run(self._connection, f"INSERT INTO {quoted(self._name)} SELECT * FROM {quoted(self._staged)}")
        schema.run(self._connection, f"DROP TABLE {quoted(self._staged)}")

    def read(self, keys: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Every tile of ``keys``; nothing where the table has none yet."""
        import pyarrow as pa

        from goldlane.features.arrow_batches import arrow_type

        if not schema.columns_of(self._connection, self._name):
            return
        types = {**self._table.key_types, **COLUMNS}
        fields = pa.schema([(name, arrow_type(kind)) for name, kind in types.items()])
        names = ", ".join([*(f"t.{quoted(name)}" for name in list(types)[:-1]), "t.partials::text"])
        arrays = ", ".join(f"${n}::{parameter_type(kind)}[]" for n, kind in enumerate(self._table.key_types.values(), 1))
        same = " AND ".join(f"t.{quoted(key)} = a.k{n}" for n, key in enumerate(self._table.keys))
        aliases = ", ".join(f"k{n}" for n in range(len(self._table.keys)))
        statement = f"SELECT {names} FROM unnest({arrays}) AS a({aliases}) JOIN {quoted(self._name)} AS t ON {same}"
        for batch in keys:
            asked = [column.to_pylist() for column in batch.columns]
            with self._connection.cursor(binary=True) as cursor:
                rows = cursor.execute(statement, asked).fetchall()
            columns = zip(*rows, strict=True) if rows else ([] for _ in types)
            yield pa.RecordBatch.from_arrays([_loaded(list(c), f.type) for c, f in zip(columns, fields, strict=True)], schema=fields)

    def _stage(self, tiles: Iterable[pa.RecordBatch], *, logged: bool) -> None:
        staging = Staging(name=self._staged, columns=_definitions(self._table), logged=logged)
        stage(self._connection, self._place, staging, tiles)

    def drop(self) -> None:
        """Forget the table's tiles, if it has any."""
        schema.run(self._connection, f"DROP TABLE IF EXISTS {quoted(self._name)}")


def _loaded(values: list[Any], kind: pa.DataType) -> pa.Array[Any]:
    """Times are loaded as numbers; no key and no column of a tile is NULL."""
    import pyarrow as pa

    return (
        pa.array([EPOCH_US + value for value in values], pa.int64()).cast(kind) if pa.types.is_timestamp(kind) else pa.array(values, kind)
    )


def _definitions(table: FeatureTable) -> list[str]:
    types = {name: column_type(kind) for name, kind in {**table.key_types, **COLUMNS}.items()}
    return [f"{quoted(name)} {kind} NOT NULL" for name, kind in {**types, "partials": "json"}.items()]
