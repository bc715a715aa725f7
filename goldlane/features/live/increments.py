"""What one micro-batch changes in a store: newer rows of its keys, or, for a table with tiles, the tiles that its events fall in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from goldlane.features.arrow_batches import key_schema, newest_of
from goldlane.features.online.store import Written
from goldlane.features.online.values import microseconds_of
from goldlane.features.partials import merge
from goldlane.features.tile_json import plain_partial
from goldlane.features.tile_rows import plain_tiles, stored_tiles
from goldlane.features.tiles import INSTANT_HOP, TILE_COLUMNS, tile_of, tiles_needed

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online.store import TableWriter
    from goldlane.features.tile_rows import TiledRows


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What was written, the rows that came too late to change anything, and the newest event time among all of them.

    ``whole`` says that what was written is all that the table holds.
    """

    written: Written
    late: int = 0
    newest: datetime | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRows:
    """Rows that are finished: each key's newest one counts, unless the store's is newer."""

    table: FeatureTable
    rows: pa.Table

    def write(self, writer: TableWriter, *, first: bool) -> Change:
        """Change the store; ``first`` or not is the same here."""
        del first
        batches = self.rows.to_batches()
        written = writer.upsert(batches)
        late = self.rows.num_rows - written.rows_forgotten - written.rows_written
        return Change(written=written, late=late, newest=newest_of(batches, self.table.event_time))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvents:
    """Events and their tiles. Every event counts in the tiles that it falls in, however late; too late is one that no window reaches."""

    table: FeatureTable
    events: pa.Table
    tiles: list[pa.RecordBatch]

    @classmethod
    def of(cls, table: FeatureTable, events: pa.Table, spark: SparkSession) -> NewEvents:
        """Tiled by ``to_tiles``, as a pipeline would; in one task, for a micro-batch is small."""
        from goldlane.features.tiling import to_tiles

        tiles = to_tiles(spark.createDataFrame(events).coalesce(1), table.rollings, keys=table.keys, time=table.event_time)
        return cls(table=table, events=events, tiles=tiles.select(*table.keys, *TILE_COLUMNS).toArrow().to_batches())

    def write(self, writer: TableWriter, *, first: bool) -> Change:
        """Add the tiles to those in the store; a stream's ``first`` batch begins anew, for it begins with all of its source."""
        keys = self._touched()
        known = iter(()) if first else writer.read_tiles(keys)
        merged = merged_tiles(self.table, known, self.tiles)
        writer.write_tiles(merged.tiles, None if first else keys)
        written = writer.replace(merged) if first else writer.apply(keys, merged)
        return Change(written=written, late=self._too_late(merged), newest=merged.newest, whole=first)

    def _touched(self) -> list[pa.RecordBatch]:
        names = list(self.table.keys)
        keys = pa.Table.from_batches(self.tiles).group_by(names).aggregate([]).select(names).cast(key_schema(self.table))
        return keys.combine_chunks().to_batches()

    def _too_late(self, merged: TiledRows) -> int:
        """Events older than every tile that is kept of their key."""
        of_row, time = itemgetter(*self.table.keys), self.table.event_time
        newest = {
            of_row(row): microseconds_of(row[time]) for batch in merged.rows for row in batch.select([*self.table.keys, time]).to_pylist()
        }
        count, needed = 0, dict[int, dict[int, range]]()
        for event in self.events.select([*self.table.keys, time]).to_pylist():
            at, last = microseconds_of(event[time]), newest[of_row(event)]
            if at < last:
                kept = needed.setdefault(last, tiles_needed(self.table, last))
                count += all(tile_of(at, hop) < tiles.start for hop, tiles in kept.items() if hop != INSTANT_HOP)
        return count


def merged_tiles(table: FeatureTable, stored: Iterable[pa.RecordBatch], new: Iterable[pa.RecordBatch]) -> TiledRows:
    """Tiles of a store (their partials in JSON) and of events (in structs), added up: what a store keeps of both."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    place = itemgetter(*table.keys, "hop", "tile")
    for row in chain(_loaded(stored), plain_tiles(new, table)):
        known = rows.get(place(row))
        rows[place(row)] = row if known is None else _both(table, known, row)
    return stored_tiles((rows[key] for key in sorted(rows)), table)


def _loaded(stored: Iterable[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    for batch in stored:
        yield from ({**row, "partials": json.loads(row["partials"])} for row in batch.to_pylist())


def _both(table: FeatureTable, left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    partials = {}
    for feature in table.features:
        parts = [side["partials"][feature.name] for side in (left, right) if feature.name in side["partials"]]
        added = merge(parts, feature.rolling.function, feature.type) if feature.rolling is not None and len(parts) > 1 else None
        if parts:
            partials[feature.name] = parts[0] if added is None else plain_partial(added)
    return {**left, "at": max(left["at"], right["at"]), "partials": partials}
