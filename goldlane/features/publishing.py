"""From gold to an online store: the newest row of each key, and no other."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from goldlane.errors import MissingExtraError, UsageError
from goldlane.features.cataloguing import Finished, recorded
from goldlane.features.frame_batches import Frame, frame_batches
from goldlane.features.online.store import PlatformStore, Publication, Written

if TYPE_CHECKING:
    import pyarrow as pa

    from goldlane.expectations import Rules
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.gate_counts import GateCount
    from goldlane.features.live import Live
    from goldlane.features.online.catalogue import Catalogue
    from goldlane.features.online.store import ClaimedError, OnlineStore, TableWriter

Mode: TypeAlias = Literal["triggered", "snapshot", "continuous"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What one publish did. ``mode`` is the one it worked in; where that is not the one asked for, ``note`` says why.

    ``rows_late`` counts rows of a frame that lost to a newer row of their key, in the store or in the frame itself; ``rows_rejected``
    rows with a NULL key or a NULL event time, which no lookup could find; ``rows_forgotten`` rows of keys that the store has forgotten.
    Every row of a frame is one of these. ``version`` is the Delta version that the store now equals; ``rules`` are the gate's counts.
    ``is_left`` says that nothing was done, because somebody else publishes the table continuously.
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
    is_left: bool = False


def publish(  # noqa: PLR0913  what is published to where, and what is told of it
    table: FeatureTable,
    frame_or_storage: Frame | str | Path,
    store: OnlineStore,
    mode: Mode = "triggered",
    *,
    rules: Rules | None = None,
    catalogue: Catalogue | None = None,
    live: Live | None = None,
) -> Published:
    """Bring the store's ``table`` up to date, in one transaction: readers see the old rows or the new ones.

    From a storage (a folder with ``tables/<schema>/<name>``) the store ends equal to the newest row of each key of the gold table's
    newest version; ``triggered`` looks only at the keys touched since the version published last, ``snapshot`` replaces everything.
    From a frame, an older event time never overwrites a newer one, an equal one does, and absent keys stay; its ``snapshot`` replaces all.
    ``rules`` are a gate: a gold table that breaks one of them, or holds two rows of one key and time, is not published.
    ``catalogue`` tells where the table comes from (``goldlane.reports.provenance`` reads it from an event log); without it the store
    keeps what it was told before. Counts, times and the history of publishes are added to either.
    A table that another process publishes continuously, from another source, is left alone: its next batch would undo this publish.
    A store on Databricks is published by the platform, from the gold table in the schema that its URL names.
    ``continuous`` goes on until it is stopped, as ``live`` says: see ``goldlane.features.live.publish_continuously``.

    Raises:
        GateError: the gold table breaks a rule; the store is as it was.
        ClaimedError: another process publishes the table continuously from another source.
        UsageError: no such gold table, its columns do not fit the declaration, or there is no such mode.
        StoreError: the store cannot be written; it is as it was.
    """
    if mode not in get_args(Mode):
        raise UsageError(f"there is no publish mode {mode!r}; known are {', '.join(get_args(Mode))}")
    # Not isinstance: since Python 3.12 that does not see what a LoggedStore hands on.
    platform: PlatformStore | None = store if hasattr(store, "publish_table") else None  # type: ignore[assignment]
    if platform is not None:
        return platform.publish_table(table, frame_or_storage, mode)
    _require_arrow()
    if mode == "continuous":
        from goldlane.features.live import publish_continuously

        return publish_continuously(table, frame_or_storage, store, live, rules=rules, catalogue=catalogue)  # type: ignore[arg-type]  # it refuses Arrow
    started = time.perf_counter()
    if isinstance(frame_or_storage, (str, Path)):
        from goldlane.features.gold_publishing import publish_gold

        return publish_gold(table, Path(frame_or_storage), store, mode, rules=rules, catalogue=catalogue)
    if rules is not None:
        raise UsageError(f"{table.name}: rules gate the gold table of a storage", hint="split a frame before it is published")
    batches = frame_batches(table, frame_or_storage)
    with store.publishing(table) as writer:
        if mode == "snapshot":
            require_unclaimed(table, store, writer, None)
        finished = _from_frame(table, batches, writer, mode)
        writer.record(recorded(finished, writer.previous, catalogue, time.perf_counter() - started))
    return replace(finished.published, seconds=round(time.perf_counter() - started, 3))


def require_unclaimed(table: FeatureTable, store: OnlineStore, writer: TableWriter, source_id: str | None) -> None:
    """Refuse to write over what comes from another source, as long as somebody keeps it up to date from there."""
    if writer.previous is not None and writer.previous.source_id not in (None, source_id):
        with store.claiming(table):
            pass


def _from_frame(table: FeatureTable, batches: Iterable[pa.RecordBatch], writer: TableWriter, mode: Mode) -> Finished:
    from goldlane.features.arrow_batches import Intake

    rows, previous = Intake(table, batches), writer.previous
    if mode == "snapshot":
        written, publication = writer.replace(rows), Publication(table=table)
    else:
        # A column added by this upsert is NULL in the rows that were there: the store no longer equals the version it came from.
        kept = previous if previous is not None and writer.has_same_shape() else Publication(table=table)
        written, publication = writer.upsert(rows), replace(kept, table=table, published_at=None)
    late = rows.rows_seen - rows.rows_rejected - written.rows_forgotten - written.rows_written
    published = published_table(table, mode, written, rows_rejected=rows.rows_rejected, rows_late=late)
    return Finished(published=published, publication=publication, written=written, newest=rows.newest)


def published_table(table: FeatureTable, mode: Mode, written: Written, **facts: Any) -> Published:
    """What became of a table, from what its writer did."""
    facts |= {"rows_deleted": written.rows_deleted, "rows_forgotten": written.rows_forgotten}
    return Published(table=table.name, mode=mode, rows_written=written.rows_written, **facts)


def left_to(table: FeatureTable, publisher: ClaimedError) -> Published:
    """What a publish of many tables says of one that somebody else publishes continuously."""
    return Published(table=table.name, mode="continuous", rows_written=0, is_left=True, note=f"left as it is: {publisher.message}")


def _require_arrow() -> None:
    try:
        import pyarrow as pa  # noqa: F401  asked for its presence
    except ImportError as missing:
        raise MissingExtraError("spark", needed_for="publishing") from missing
