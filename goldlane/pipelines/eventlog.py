"""Reads the event log of a storage: without a JVM, or as ``event_log(...)`` in a pipeline's SQL text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from goldlane.errors import MissingExtraError, UsageError
from goldlane.pipelines.events import EventLog, event_schema
from goldlane.pipelines.names import Namespace
from goldlane.pipelines.storage import Storage
from goldlane.sqlcalls import TableCall


def read_events(storage: Path, *, update: str | None = None) -> list[dict[str, Any]]:
    """Rows of the log, oldest first; ``update`` is an id, the beginning of one, or ``last``.

    Raises:
        UsageError: the folder is no storage, or has no such update.
        MissingExtraError: delta-rs is not installed.
    """
    place = Storage(storage)
    place.require_written()
    try:
        from deltalake import DeltaTable
        from pyarrow.dataset import dataset
    except ImportError as missing:
        raise MissingExtraError("spark", needed_for="reading the event log") from missing
    if not (place.events / "_delta_log").is_dir():
        return []
    # Not to_pyarrow_table(): its Rust file system, called back from Arrow's threads, now and then aborts an interpreter that is ending.
    # And not the URIs themselves, in which a blank is %20: the log has no partitions, so names say all.
    files = [str(place.events / Path(uri).name) for uri in DeltaTable(str(place.events)).file_uris()]
    rows = dataset(files, schema=event_schema()).to_table(use_threads=False).to_pylist()
    rows.sort(key=lambda row: (row["timestamp"], row["sequence"]["data_plane_id"]["seq_no"]))
    if update is None:
        return rows
    wanted = rows[-1]["origin"]["update_id"] if update == "last" and rows else update
    found = [row for row in rows if row["origin"]["update_id"].startswith(wanted)]
    if not found:
        raise UsageError(
            f"storage {storage} has no update {update!r}", hint="`goldlane events --storage DIR --json` lists origin.update_id"
        )
    return found


def event_log_function(storage: Storage, namespace: Namespace) -> Callable[[TableCall], str]:
    """What ``event_log(...)`` stands for in the SQL text of a pipeline on ``storage``."""

    def event_log(call: TableCall) -> str:
        from goldlane.storedsession import event_log_query

        # The very first update plans before it has written an event.
        EventLog(storage.events, {}).create()
        return event_log_query(call, storage.events, namespace.schema or "default")

    return event_log
