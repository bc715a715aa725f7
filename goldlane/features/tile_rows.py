"""What a store keeps of events: each key's tiles, and its features as of its newest event."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from itertools import groupby, islice
from operator import and_, itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from goldlane.errors import Mistakes
from goldlane.features.arrow_batches import arrow_schema, key_schema
from goldlane.features.online.values import microseconds_of
from goldlane.features.tiles import Tile, features_at, tiles_needed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.features.declarations import FeatureTable

_BATCH_KEYS = 8192
_TILE_FIELDS = [("hop", pa.int64()), ("tile", pa.int64()), ("at", pa.timestamp("us", "UTC")), ("partials", pa.string())]


@dataclass(frozen=True, slots=True, kw_only=True)
class TiledRows:
    """Batches of one row per key (the time of its newest event, its features as of that instant) and of the tiles a later read can ask for.

    ``rows_rejected`` counts events with a NULL key or a NULL event time, which belong to no tile.
    """

    rows: list[pa.RecordBatch] = field(default_factory=list)
    tiles: list[pa.RecordBatch] = field(default_factory=list)
    rows_rejected: int = 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """The rows."""
        return iter(self.rows)


def gold_events(path: Path, version: int, touched: pa.Table | None = None) -> DataFrame:
    """The events in one version of a Delta table, those of the ``touched`` keys where some are given."""
    from goldlane.session import local_spark

    spark = local_spark()
    events = spark.read.format("delta").option("versionAsOf", version).load(str(path))
    if touched is None:
        return events
    return events.join(spark.createDataFrame(touched), on=touched.column_names, how="left_semi")


def tiled_rows(events: DataFrame, table: FeatureTable) -> TiledRows:
    """Events in Spark as the store's rows; memory grows with the tiles that are kept, not with the events."""
    from pyspark.sql import functions as F

    from goldlane.features.tiling import to_tiles

    _check_tiled(table)
    tiles = to_tiles(_recent(events, table), table).withColumn("partials", F.to_json("partials"))
    names = [*table.keys, "hop", "tile", "at"]
    arrow = tiles.select(*names, "partials").toArrow().sort_by([(name, "ascending") for name in names])
    rows, kept, written = (
        arrow_schema(table),
        pa.schema([*key_schema(table), *_TILE_FIELDS]),
        TiledRows(rows_rejected=_incomplete(events, table)),
    )
    entities = (_entity(list(group), table) for _, group in groupby(_dictionaries(arrow), key=itemgetter(*table.keys)))
    while some := list(islice(entities, _BATCH_KEYS)):
        written.rows.append(pa.RecordBatch.from_pylist([row for row, _ in some], schema=rows))
        written.tiles.append(pa.RecordBatch.from_pylist([tile for _, tiles in some for tile in tiles], schema=kept))
    return written


def _recent(events: DataFrame, table: FeatureTable) -> DataFrame:
    """Without the events that were too old for every window when their key's newest event came."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    reach = max(rolling.window_us + rolling.delay_us + (rolling.hop_us or 0) for rolling in table.rollings)
    time, newest = F.unix_micros(F.col(table.event_time).cast("timestamp")), "__goldlane_newest"
    of_key = Window.partitionBy(*table.keys)
    return events.withColumn(newest, F.max(time).over(of_key)).where(time > F.col(newest) - reach).drop(newest)


def _check_tiled(table: FeatureTable) -> None:
    """Refuse a table in which only some features have tiles: its source cannot be both events and finished rows."""
    rest = [f"feature {each.name} has no rolling with a hop" for each in table.features if each.rolling is None or each.rolling.hop is None]
    if rest:
        raise Mistakes(f"{table.name} is merged from tiles, so all of its features must be", rest)


def _incomplete(events: DataFrame, table: FeatureTable) -> int:
    """Rows that no lookup could find; none is counted for the keys of a change feed, where a NULL key is never touched."""
    from pyspark.sql import functions as F

    present = [F.col(name).isNotNull() for name in (*table.keys, table.event_time)]
    return events.where(~reduce(and_, present)).count()


def _dictionaries(arrow: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in arrow.to_batches(max_chunksize=65536):
        yield from batch.to_pylist()


def _entity(rows: list[dict[str, Any]], table: FeatureTable) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """One key's row, and its tiles without those that no read at or after its newest event can ask for."""
    newest = max(row["at"] for row in rows)
    needed = tiles_needed(table, microseconds_of(newest))
    kept = [row for row in rows if row["tile"] >= needed[row["hop"]].start]
    features = features_at(table, map(_tile, kept), microseconds_of(newest))
    return {**{key: rows[0][key] for key in table.keys}, table.event_time: newest, **features}, kept


def _tile(row: Mapping[str, Any]) -> Tile:
    return Tile(hop=row["hop"], tile=row["tile"], at=microseconds_of(row["at"]), partials=json.loads(row["partials"]))
