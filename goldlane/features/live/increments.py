"""What one micro-batch changes in a store: newer rows of its keys, or, for a table with tiles, the tiles that its events fall in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from goldlane.features.arrow_batches import newest_of
from goldlane.features.online.store import Written
from goldlane.features.online.values import microseconds_of, read_time
from goldlane.features.partials import merge
from goldlane.features.tile_json import plain_partial, plain_partials
from goldlane.features.tile_rows import plain_tiles, stored_tiles
from goldlane.features.tiles import INSTANT_HOP, TILE_COLUMNS, hop_of, tile_of, tiles_kept

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online.store import TableWriter

Tiles: TypeAlias = dict[str, Any]
_PARTIALS = "__goldlane_event_partials"
_FEW = 2_000


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


def prepared(table: FeatureTable, events: DataFrame) -> DataFrame:
    """A stream of events as ``NewEvents.of`` takes it: with what each adds to its tiles."""
    from goldlane.features.tiling import with_event_partials

    return with_event_partials(events, table.rollings, time=table.event_time, name=_PARTIALS)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvents:
    """Events and their tiles. Every event counts in the tiles that it falls in, however late.

    Too late is one that no window reaches from the newest event which the store knew of its key.
    """

    table: FeatureTable
    rows: pa.Table
    tiles: list[Tiles]

    @classmethod
    def of(cls, table: FeatureTable, rows: pa.Table, spark: SparkSession) -> NewEvents:
        """Few events are added up here; of many, the first batch of a long history, Spark makes the tiles."""
        events = rows.drop_columns([_PARTIALS])
        tiles = event_tiles(table, rows) if rows.num_rows <= _FEW else _tiled(table, events, spark)
        return cls(table=table, rows=events, tiles=list(tiles))

    def write(self, writer: TableWriter, *, first: bool) -> Change:
        """Add the tiles to those in the store; a stream's ``first`` batch begins anew, for it begins with all of its source."""
        keys = self._touched()
        known = [] if first else list(_loaded(writer.read_tiles(keys)))
        merged = stored_tiles(added(self.table, chain(known, self.tiles)), self.table)
        writer.write_tiles(merged.tiles(), None if first else keys)
        written = writer.replace(merged) if first else writer.apply(keys, merged)
        return Change(written=written, late=self._too_late(known), newest=merged.newest, whole=first)

    def _touched(self) -> list[pa.RecordBatch]:
        names = list(self.table.keys)
        return self.rows.group_by(names).aggregate([]).select(names).combine_chunks().to_batches()

    def _too_late(self, known: Iterable[Tiles]) -> int:
        of_row = itemgetter(*self.table.keys)
        newest: dict[Any, datetime] = {}
        for tile in known:
            newest[of_row(tile)] = max(tile["at"], newest.get(of_row(tile), tile["at"]))
        now = read_time(None)
        reaches = {last: tiles_kept(self.table, microseconds_of(last), now) for last in set(newest.values())}
        late = 0
        for event in self.rows.select([*self.table.keys, self.table.event_time]).to_pylist() if newest else ():
            last, at = newest.get(of_row(event)), microseconds_of(event[self.table.event_time])
            kept = {} if last is None else reaches[last]
            late += last is not None and all(tile_of(at, hop) < tiles.start for hop, tiles in kept.items() if hop != INSTANT_HOP)
        return late


def event_tiles(table: FeatureTable, rows: pa.Table) -> Iterator[Tiles]:
    """The tiles of events which ``prepared`` has seen, as ``plain_tiles`` hands out those of ``to_tiles``."""
    hops = {INSTANT_HOP: {rolling.name for rolling in table.rollings}}
    for rolling in table.rollings:
        hops.setdefault(hop_of(rolling), set()).add(rolling.name)
    return added(table, _each(table, rows, hops))


def added(table: FeatureTable, tiles: Iterable[Tiles]) -> Iterator[Tiles]:
    """Tiles of one key, hop and number added up; those of one key one after the other."""
    rows: dict[tuple[Any, ...], Tiles] = {}
    place = itemgetter(*table.keys, "hop", "tile")
    for row in tiles:
        known = rows.get(place(row))
        rows[place(row)] = row if known is None else _both(table, known, row)
    return (rows[key] for key in sorted(rows))


def _each(table: FeatureTable, rows: pa.Table, hops: Mapping[int, set[str | None]]) -> Iterator[Tiles]:
    """One tile per event and hop."""
    known = rows.select([*table.keys, table.event_time])
    partials = (partial for batch in rows.column(_PARTIALS).chunks for partial in plain_partials(batch))
    for event, partial in zip(known.to_pylist(), partials, strict=True):
        at = event.pop(table.event_time)
        for hop, names in hops.items():
            own = {name: value for name, value in partial.items() if name in names}
            yield {**event, "hop": hop, "tile": tile_of(microseconds_of(at), hop), "at": at, "partials": own}


def _tiled(table: FeatureTable, events: pa.Table, spark: SparkSession) -> Iterator[Tiles]:
    from goldlane.features.tiling import to_tiles

    tiles = to_tiles(spark.createDataFrame(events), table.rollings, keys=table.keys, time=table.event_time)
    return plain_tiles(tiles.select(*table.keys, *TILE_COLUMNS).toArrow().to_batches(), table)


def _loaded(stored: Iterable[pa.RecordBatch]) -> Iterator[Tiles]:
    for batch in stored:
        yield from ({**row, "partials": json.loads(row["partials"])} for row in batch.to_pylist())


def _both(table: FeatureTable, left: Tiles, right: Tiles) -> Tiles:
    partials = {}
    for feature in table.features:
        parts = [side["partials"][feature.name] for side in (left, right) if feature.name in side["partials"]]
        added = merge(parts, feature.rolling.function, feature.type) if feature.rolling is not None and len(parts) > 1 else None
        if parts:
            partials[feature.name] = parts[0] if added is None else plain_partial(added)
    return {**left, "at": max(left["at"], right["at"]), "partials": partials}
