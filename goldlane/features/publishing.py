"""From gold to an online store: the newest row of each key, and no other."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from goldlane.errors import MissingExtraError, UsageError
from goldlane.features.gold import gold_path, require_gold
from goldlane.features.online.store import Publication, Written

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

    from goldlane.expectations import Rules
    from goldlane.features.arrow_batches import Intake
    from goldlane.features.changes import GoldTable
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.gate_counts import GateCount
    from goldlane.features.online.store import OnlineStore, TableWriter
    from goldlane.features.tile_rows import TiledRows

__all__ = ["Published", "gold_path", "publish", "require_gold"]

Mode: TypeAlias = Literal["triggered", "snapshot"]
Frame: TypeAlias = "DataFrame | pa.Table | pa.RecordBatch | pa.RecordBatchReader"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What one publish did. ``mode`` is the one it worked in; where that is not the one asked for, ``note`` says why.

    ``rows_late`` counts rows of a frame that lost to a newer row of their key, in the store or in the frame itself; ``rows_rejected``
    rows with a NULL key or a NULL event time, which no lookup could find; ``rows_forgotten`` rows of keys that the store has forgotten.
    For a frame, every row is written, late, rejected or forgotten.
    ``version`` is the Delta version that the store now equals; None for a frame. ``rules`` are the counts of the gate.
    """

    table: str
    mode: Mode
    rows_written: int
    rows_deleted: int = 0
    rows_late: int = 0
    rows_rejected: int = 0
    rows_forgotten: int = 0
    seconds: float = 0.0
    version: int | None = None
    note: str | None = None
    rules: tuple[GateCount, ...] = ()


def publish(
    table: FeatureTable, frame_or_storage: Frame | str | Path, store: OnlineStore, mode: Mode = "triggered", *, rules: Rules | None = None
) -> Published:
    """Bring the store's ``table`` up to date, in one transaction: readers see the old rows or the new ones.

    From a storage (a folder with ``tables/<schema>/<name>``) the store ends equal to the newest row of each key of the gold table's
    newest version; ``triggered`` looks only at the keys touched since the version published last, ``snapshot`` replaces everything.
    From a frame, an older event time never overwrites a newer one, an equal one does, and absent keys stay; its ``snapshot`` replaces all.
    ``rules`` are a gate: a gold table that breaks one of them, or holds two rows of one key and time, is not published.

    Raises:
        GateError: the gold table breaks a rule; the store is as it was.
        UsageError: no such gold table, its columns do not fit the declaration, or there is no such mode.
        StoreError: the store cannot be written; it is as it was.
    """
    if mode not in get_args(Mode):
        raise UsageError(f"there is no publish mode {mode!r}; known are {', '.join(get_args(Mode))}")
    _require_arrow()
    started = time.perf_counter()
    if isinstance(frame_or_storage, (str, Path)):
        path = gold_path(table, Path(frame_or_storage))
        require_gold([table], Path(frame_or_storage))
        with store.publishing(table) as writer:
            published = _from_gold(table, path, writer, mode, rules)
    elif rules is not None:
        raise UsageError(f"{table.name}: rules gate the gold table of a storage", hint="split a frame before it is published")
    else:
        batches = _batches(table, frame_or_storage)
        with store.publishing(table) as writer:
            published = _from_frame(table, batches, writer, mode)
    return replace(published, seconds=round(time.perf_counter() - started, 3))


def _from_gold(table: FeatureTable, path: Path, writer: TableWriter, mode: Mode, rules: Rules | None) -> Published:
    """Opened here, with the store already ours, so that of two publishers the later one never brings the older version."""
    from goldlane.features.changes import GoldTable
    from goldlane.features.gate import require_rules_kept

    gold = GoldTable(table, path)
    counts = () if rules is None else require_rules_kept(gold, rules)
    touched = _touched(gold, writer) if mode == "triggered" else ""
    reason, keys = (touched, None) if isinstance(touched, str) else (None, touched)
    if keys is not None and not keys.num_rows:
        written, rejected = Written(rows_written=0), 0
    else:
        rows = _rows(table, gold, keys)
        written, rejected = _write(rows, writer, keys), rows.rows_rejected
    writer.record(Publication(table=table, source_id=gold.id, version=gold.version))
    note = f"published in full: {reason}" if reason else None
    done: Mode = "snapshot" if keys is None else "triggered"
    return _published(table, done, written, rows_rejected=rejected, version=gold.version, note=note, rules=counts)


def _rows(table: FeatureTable, gold: GoldTable, touched: pa.Table | None) -> Intake | TiledRows:
    from goldlane.features.arrow_batches import Intake, check_columns

    if table.has_tiles:
        return _tiled(table, gold, touched)
    check_columns(table, gold.types, f"the gold table at {gold.path}")
    return Intake(table, gold.rows() if touched is None else gold.rows_of(touched))


def _tiled(table: FeatureTable, gold: GoldTable, touched: pa.Table | None) -> TiledRows:
    """From a tile table as it is, without Spark; from events by way of Spark."""
    from goldlane.features.event_tiles import EventTiles
    from goldlane.features.tile_rows import check_tiled, tiled_rows

    check_tiled(table)
    if gold.holds_tiles:
        gold.check_tiles()
        return tiled_rows(gold.tiles(touched), table)
    made = EventTiles(table, gold.path, gold.version, touched)
    return tiled_rows(made.batches(), table, rows_rejected=made.rows_rejected())


def _write(rows: Intake | TiledRows, writer: TableWriter, touched: pa.Table | None) -> Written:
    from goldlane.features.arrow_batches import Intake

    keys = None if touched is None else touched.to_batches()
    if not isinstance(rows, Intake):
        writer.write_tiles(rows.tiles, keys)
    return writer.replace(rows) if keys is None else writer.apply(keys, rows)


def _touched(gold: GoldTable, writer: TableWriter) -> pa.Table | str:
    """The keys to look at again, or the reason to look at all of them."""
    previous = writer.previous
    if previous is None:
        return "it is the first time"
    if not writer.has_same_shape():
        return "its declaration changed"
    if previous.version is None or previous.source_id != gold.id or previous.version > gold.version:
        return "what the store holds did not come from an earlier version of this gold table"
    return gold.touched_since(previous.version)


def _from_frame(table: FeatureTable, batches: Iterable[pa.RecordBatch], writer: TableWriter, mode: Mode) -> Published:
    from goldlane.features.arrow_batches import Intake

    rows, previous = Intake(table, batches), writer.previous
    if mode == "snapshot":
        written, publication = writer.replace(rows), Publication(table=table)
    else:
        # A column added by this upsert is NULL in the rows that were there: the store no longer equals the version it came from.
        kept = previous if previous is not None and writer.has_same_shape() else Publication(table=table)
        written, publication = writer.upsert(rows), replace(kept, table=table, published_at=None)
    writer.record(publication)
    late = rows.rows_seen - rows.rows_rejected - written.rows_forgotten - written.rows_written
    return _published(table, mode, written, rows_rejected=rows.rows_rejected, rows_late=late)


def _published(table: FeatureTable, mode: Mode, written: Written, **facts: Any) -> Published:
    facts |= {"rows_deleted": written.rows_deleted, "rows_forgotten": written.rows_forgotten}
    return Published(table=table.name, mode=mode, rows_written=written.rows_written, **facts)


def _batches(table: FeatureTable, frame: Frame) -> Iterable[pa.RecordBatch]:
    """A frame as Arrow batches. Spark's is computed and fetched whole, its declared columns only."""
    if table.has_tiles:
        raise UsageError(f"{table.name} is merged from tiles of its events", hint="publish it from a storage, which holds all of them")
    import pyarrow as pa

    from goldlane.features.arrow_batches import check_columns
    from goldlane.features.delta_files import plain_text

    if not isinstance(frame, (pa.Table, pa.RecordBatch, pa.RecordBatchReader)) and hasattr(frame, "toArrow"):
        known = [name for name in table.columns if name in frame.columns]
        frame = frame.select(*known).toArrow()
    elif isinstance(frame, pa.RecordBatch):
        frame = pa.Table.from_batches([frame])
    if not isinstance(frame, (pa.Table, pa.RecordBatchReader)):
        raise UsageError(f"{table.name} can be published from a storage's path, a Spark DataFrame or an Arrow table, not from {frame!r}")
    check_columns(table, {field.name: field.type for field in frame.schema}, "the frame")
    batches = frame.to_batches(max_chunksize=65536) if isinstance(frame, pa.Table) else frame
    return map(plain_text, batches)


def _require_arrow() -> None:
    try:
        import pyarrow as pa  # noqa: F401  asked for its presence
    except ImportError as missing:
        raise MissingExtraError("spark", needed_for="publishing") from missing
