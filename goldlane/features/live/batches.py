"""Writes a stream's micro-batches: into the store first, then into ``<table>_live``; each exactly once, whatever is replayed.

The store remembers, in the transaction that writes a batch, the stream and the batch's number; ``<table>_live`` does in its commit. A
batch that was cut short is repeated by Spark with its number, and each of the two skips what it has. A store that lacks batches which
``<table>_live`` holds was lost, or published over: it is restored from there.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from goldlane.features.arrow_batches import Intake
from goldlane.features.changes import GoldTable
from goldlane.features.delta_files import open_delta
from goldlane.features.event_tiles import EventTiles
from goldlane.features.live.accepted import accepted, without_forgotten
from goldlane.features.live.cataloguing import recorded
from goldlane.features.live.course import Applied, Live
from goldlane.features.live.increments import Change, NewEvents, NewRows
from goldlane.features.online.store import Publication, Written
from goldlane.features.tile_rows import tiled_rows

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.live.live_table import LiveTable
    from goldlane.features.online.store import OnlineStore, TableWriter


class _LostError(Exception):
    """The store lacks what the stream has published."""


class LiveBatches:
    """The micro-batches of one stream of ``table``, which ``live_table`` belongs to."""

    def __init__(self, table: FeatureTable, store: OnlineStore, live_table: LiveTable, live: Live) -> None:
        self._table, self._store, self._kept, self._live = table, store, live_table, live

    def restore(self) -> None:
        """Bring back what the store has lost of the stream; nothing, in general."""
        with self._store.publishing(self._table) as writer:
            if not self._is_lost(writer):
                return
            self._live.on_notice(f"the store lacks what {self._kept.path.name} holds: restoring it from there")
            done = self._write_kept(writer)
            writer.record(recorded(self._publication(self._kept.last_batch), writer.previous, done))

    def write(self, batch: DataFrame, batch_id: int) -> None:
        """Publish one batch; when this returns, readers see it and ``<table>_live`` holds it."""
        started = time.perf_counter()
        found = accepted(self._table, batch.toArrow())
        done = Change(written=Written(rows_written=0))
        rows = without_forgotten(self._table, found.rows, self._kept.path)
        if rows.num_rows:
            change = self._change(rows, batch)
            done = self._live.patiently(lambda: self._applied(change, batch_id))
            self._kept.append(change.rows, batch_id)
        if found.rows.num_rows or found.rejected:
            self._live.on_applied(
                Applied(
                    table=self._table.name,
                    number=batch_id,
                    rows_written=done.written.rows_written,
                    rows_deleted=done.written.rows_deleted,
                    rows_late=done.late,
                    rows_rejected=found.rejected,
                    rows_forgotten=done.written.rows_forgotten + found.rows.num_rows - rows.num_rows,
                    seconds=round(time.perf_counter() - started, 3),
                )
            )

    def _change(self, rows: pa.Table, batch: DataFrame) -> NewRows | NewEvents:
        return NewEvents.of(self._table, rows, batch.sparkSession) if self._table.has_tiles else NewRows(table=self._table, rows=rows)

    def _applied(self, change: NewRows | NewEvents, batch_id: int) -> Change:
        try:
            return self._apply(change, batch_id)
        except _LostError:
            self.restore()
            return self._apply(change, batch_id)

    def _apply(self, change: NewRows | NewEvents, batch_id: int) -> Change:
        with self._store.publishing(self._table) as writer:
            if self._is_lost(writer):
                raise _LostError
            last = self._last_batch(writer)
            if last is not None and last >= batch_id:
                return Change(written=Written(rows_written=0))
            done = change.write(writer, first=last is None)
            writer.record(recorded(self._publication(batch_id), writer.previous, done))
            return done

    def _last_batch(self, writer: TableWriter) -> int | None:
        previous = writer.previous
        return None if previous is None or previous.source_id != self._kept.stream_id else previous.version

    def _is_lost(self, writer: TableWriter) -> bool:
        """Whether the store lacks batches. Tiles of other windows are no good to a table with tiles, either."""
        kept, last = self._kept.last_batch, self._last_batch(writer)
        if kept is None:
            return False
        return last is None or last < kept or (self._table.has_tiles and not writer.has_same_shape())

    def _write_kept(self, writer: TableWriter) -> Change:
        if self._table.has_tiles:
            delta = open_delta(self._kept.path, self._table.name)
            tiled = tiled_rows(EventTiles(self._table, self._kept.path, delta.version()).batches(), self._table)
            writer.write_tiles(tiled.tiles())
            return Change(written=writer.replace(tiled), newest=tiled.newest, whole=True)
        rows = Intake(self._table, GoldTable(self._table, self._kept.path).rows())
        return Change(written=writer.upsert(rows), newest=rows.newest)

    def _publication(self, batch_id: int | None) -> Publication:
        return Publication(table=self._table, source_id=self._kept.stream_id, version=batch_id)
