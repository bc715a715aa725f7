"""Tiles of a gold table that holds events, made by Spark when they are published: for lanes that keep no tile table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import and_
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.features.arrow_batches import together
from goldlane.features.forgotten_frames import without_forgotten_of
from goldlane.features.online.values import read_time
from goldlane.features.tiles import TILE_COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

    from goldlane.features.declarations import FeatureTable


@dataclass(frozen=True, slots=True)
class EventTiles:
    """One version of a Delta table of events; of the ``touched`` keys where some are given."""

    table: FeatureTable
    path: Path
    version: int
    touched: pa.Table | None = None

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The tiles, those of one key one after the other."""
        from goldlane.features.tiling import to_tiles

        tiles = to_tiles(self._recent(self._events()), self.table.rollings, keys=self.table.keys, time=self.table.event_time)
        yield from together(tiles.select(*self.table.keys, *TILE_COLUMNS).toArrow(), self.table.keys)

    def rows_rejected(self) -> int:
        """Events that belong to no tile; none is counted for the keys of a change feed, where a NULL key is never touched."""
        from pyspark.sql import functions as F

        present = [F.col(name).isNotNull() for name in (*self.table.keys, self.table.event_time)]
        return self._events().where(~reduce(and_, present)).count()

    def _events(self) -> DataFrame:
        from goldlane.session import local_spark

        spark = local_spark()
        stored = spark.read.format("delta").option("versionAsOf", self.version).load(str(self.path))
        events = without_forgotten_of(stored, self.path, self.table.keys)
        if self.touched is None:
            return events
        return events.join(spark.createDataFrame(self.touched), on=self.touched.column_names, how="left_semi")

    def _recent(self, events: DataFrame) -> DataFrame:
        """Without the events that are too old for every window, seen from now or from their key's newest event."""
        from pyspark.sql import Window
        from pyspark.sql import functions as F

        reach = max(rolling.window_us + rolling.delay_us + (rolling.hop_us or 0) for rolling in self.table.rollings)
        time, newest = F.unix_micros(F.col(self.table.event_time).cast("timestamp")), "__goldlane_newest"
        of_key = Window.partitionBy(*self.table.keys)
        now = F.lit(read_time(None))
        return events.withColumn(newest, F.least(F.max(time).over(of_key), now)).where(time > F.col(newest) - reach).drop(newest)
