"""What a gold table brings to a store: finished rows, or tiles and what their windows tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldlane.features.arrow_batches import Intake, check_columns
from goldlane.features.event_tiles import EventTiles
from goldlane.features.tile_rows import TiledRows, check_tiled, tiled_rows

if TYPE_CHECKING:
    import pyarrow as pa

    from goldlane.features.changes import GoldTable
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online.store import TableWriter, Written


def rows_to_publish(table: FeatureTable, gold: GoldTable, touched: pa.Table | None) -> Intake | TiledRows:
    """The rows of the keys in ``touched``, or of all keys."""
    if table.has_tiles:
        return _tiled(table, gold, touched)
    check_columns(table, gold.types, f"the gold table at {gold.path}")
    return Intake(table, gold.rows() if touched is None else gold.rows_of(touched))


def write_rows(rows: Intake | TiledRows, writer: TableWriter, touched: pa.Table | None) -> Written:
    """Rows and tiles become those of ``rows``, for the keys in ``touched`` or for all keys."""
    keys = None if touched is None else touched.to_batches()
    if not isinstance(rows, Intake):
        writer.write_tiles(rows.tiles(), keys)
    return writer.replace(rows) if keys is None else writer.apply(keys, rows)


def _tiled(table: FeatureTable, gold: GoldTable, touched: pa.Table | None) -> TiledRows:
    """From a tile table as it is, without Spark; from events by way of Spark."""
    check_tiled(table)
    if gold.holds_tiles:
        gold.check_tiles()
        return tiled_rows(gold.tiles(touched), table)
    made = EventTiles(table, gold.path, gold.version, touched)
    return tiled_rows(made.batches(), table, rows_rejected=made.rows_rejected())
