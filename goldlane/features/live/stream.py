"""The direct path: a streaming frame into a store, a micro-batch at a time."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import GoldlaneError, UsageError
from goldlane.features.arrow_batches import check_columns, event_schema
from goldlane.features.live.batches import LiveBatches
from goldlane.features.live.course import Applied, Live
from goldlane.features.live.increments import prepared
from goldlane.features.live.live_table import LiveTable, live_path
from goldlane.features.tile_rows import check_tiled
from goldlane.features.window_checks import refuse, wrong_windows
from goldlane.filelocks import file_lock
from goldlane.stopping import StoppedError
from goldlane.streams import Course, run_stream

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online.store import OnlineStore


@dataclass(frozen=True, slots=True)
class StreamFolder:
    """What a storage remembers of the stream of one table: its checkpoint, and the id by which the store and Delta know it."""

    root: Path

    @property
    def checkpoint(self) -> Path:
        """Spark's own."""
        return self.root / "checkpoint"

    def stream_id(self) -> str:
        """The same for as long as the folder is there: who removes it begins another stream."""
        file = self.root / "stream"
        if not file.is_file():
            temporary = self.root / ".stream"
            temporary.write_text(f"goldlane-live-{uuid.uuid4().hex}", encoding="utf-8")
            temporary.replace(file)
        return file.read_text(encoding="utf-8")


def stream_folder(table: FeatureTable, storage: Path) -> StreamFolder:
    """Where a storage keeps it."""
    return StreamFolder(storage / "system" / "live" / table.name)


def publish_stream(table: FeatureTable, frame: DataFrame, store: OnlineStore, live: Live, storage: Path) -> None:
    """Publish what the stream brings until asked to stop, from where it stopped the last time.

    Raises:
        UsageError: the frame is no stream or does not fit the declaration, or the table is published by somebody else.
        StoreError: the store cannot be reached; nothing is lost, the next start goes on from there.
    """
    check_frame(table, frame)
    folder = stream_folder(table, storage)

    def refusal(owner: str) -> GoldlaneError:
        return UsageError(f"{table.name} is already published continuously from {storage}, by {owner}", hint="stop that one first")

    with store.claiming(table), file_lock(folder.root / "lock", refusal):
        batches = LiveBatches(table, store, LiveTable(live_path(table, storage), folder.stream_id()), live)
        live.patiently(batches.restore)
        course = Course(name=f"{table.name}_live", checkpoint=folder.checkpoint, stop=live.stop, every=live.every_s)
        known = prepared(table, frame) if table.has_tiles else frame.select(*table.columns)
        try:
            for batch in run_stream(known, batches.write, course):
                if batch is not None and batch.late_rows:
                    live.on_applied(Applied(table=table.name, number=batch.batch_id, rows_late=batch.late_rows))
        except StoppedError:
            return


def check_frame(table: FeatureTable, frame: DataFrame) -> None:
    """Refuse a frame that is no stream, or not of this table; all of its mistakes at once."""
    from pyspark.sql.pandas.types import to_arrow_schema

    if not frame.isStreaming:
        raise UsageError(
            f"{table.name}: the frame is not a stream", hint='spark.readStream makes one; mode="triggered" publishes a frame once'
        )
    found = {field.name: field.type for field in to_arrow_schema(frame.schema, timezone="UTC")}
    if not table.has_tiles:
        check_columns(table, found, "the stream")
        return
    check_tiled(table)
    check_columns(table, found, "the stream", event_schema(table))
    # Windows look back over a table's rows; here it is a micro-batch's.
    empty = frame.sparkSession.createDataFrame([], frame.schema)
    refuse("rolling features", wrong_windows(empty, table.rollings, keys=table.keys, time=table.event_time, beside=False))
