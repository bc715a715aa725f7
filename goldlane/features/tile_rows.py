"""What a store keeps of tiles: those a later read can ask for, and each key's features as of its newest event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa

from goldlane.errors import Mistakes
from goldlane.features.arrow_batches import arrow_schema, conformed, key_schema, newest_of
from goldlane.features.online.values import microseconds_of, read_time
from goldlane.features.tile_json import plain_partials, text_of
from goldlane.features.tiles import Tile, features_at, tiles_kept, without_tiles

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable

_Entity: TypeAlias = "tuple[dict[str, Any], list[dict[str, Any]]]"
_BATCH_KEYS = 1024
_TILE_FIELDS = [("hop", pa.int64()), ("tile", pa.int64()), ("at", pa.timestamp("us", "UTC")), ("partials", pa.string())]


class TiledRows:
    """Batches of the tiles a later read can ask for, and of one row per key: the time of its newest event, its features as of that instant.

    The tiles are made while they are gone through, once, and the rows with them, which there are far fewer of: only these are held.
    ``rows_rejected`` counts events with a NULL key or a NULL event time, which belong to no tile. ``newest`` is the newest event of all.
    """

    def __init__(self, entities: Iterator[_Entity], table: FeatureTable, rows_rejected: int) -> None:
        self._entities, self._table = entities, table
        self._rows: list[pa.RecordBatch] = []
        self.rows_rejected = rows_rejected

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """The rows of the keys whose tiles were gone through."""
        return iter(self._rows)

    def tiles(self) -> Iterator[pa.RecordBatch]:
        """The tiles, to be written before the rows."""
        rows, kept = arrow_schema(self._table), stored_schema(self._table)
        while some := list(islice(self._entities, _BATCH_KEYS)):
            self._rows.append(pa.RecordBatch.from_pylist([row for row, _ in some], schema=rows))
            yield pa.RecordBatch.from_pylist([tile for _, own in some for tile in own], schema=kept)

    @property
    def newest(self) -> datetime | None:
        """Of the rows so far."""
        return newest_of(self._rows, self._table.event_time)


def tiled_rows(tiles: Iterable[pa.RecordBatch], table: FeatureTable, *, rows_rejected: int = 0) -> TiledRows:
    """Rows of a tile table, those of one key one after the other, as the store's."""
    return stored_tiles(plain_tiles(tiles, table), table, rows_rejected=rows_rejected)


def stored_tiles(tiles: Iterable[dict[str, Any]], table: FeatureTable, *, rows_rejected: int = 0) -> TiledRows:
    """As ``tiled_rows``, of tiles as ``plain_tiles`` hands them out."""
    of_one_key, now = groupby(tiles, key=itemgetter(*table.keys)), read_time(None)
    return TiledRows((_entity(list(group), table, now) for _, group in of_one_key), table, rows_rejected)


def check_tiled(table: FeatureTable) -> None:
    """Refuse a table in which only some features have tiles: its source cannot be both tiles and finished rows."""
    rest = without_tiles(table)
    if rest:
        raise Mistakes(f"{table.name} is merged from tiles, so all of its features must be", rest)


def stored_schema(table: FeatureTable) -> pa.Schema:
    """The tiles of a store: the keys, ``hop``, ``tile``, ``at``, and the partials as JSON."""
    return pa.schema([*key_schema(table), *_TILE_FIELDS])


def plain_tiles(tiles: Iterable[pa.RecordBatch], table: FeatureTable) -> Iterator[dict[str, Any]]:
    """Rows of a tile table, their partials of what JSON has."""
    places = pa.schema([*key_schema(table), *_TILE_FIELDS[:3]])
    for batch in tiles:
        partials = plain_partials(batch.column("partials"))
        rows = conformed(batch, places, table.name).to_pylist()
        yield from ({**row, "partials": each} for row, each in zip(rows, partials, strict=True))


def _entity(rows: list[dict[str, Any]], table: FeatureTable, now: int) -> _Entity:
    """One key's row, and its tiles without those that no read from now on, or from its newest event on, can ask for."""
    newest = max(row["at"] for row in rows)
    instant = microseconds_of(newest)
    reached = tiles_kept(table, instant, now)
    kept = [row for row in rows if row["tile"] in reached[row["hop"]]]
    tiles = (Tile(hop=row["hop"], tile=row["tile"], at=microseconds_of(row["at"]), partials=row["partials"]) for row in kept)
    entity = {**{key: rows[0][key] for key in table.keys}, table.event_time: newest, **features_at(table, tiles, instant)}
    return entity, [{**row, "partials": text_of(row["partials"])} for row in kept]
