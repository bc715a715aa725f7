"""``<table>_live``: the Delta table of every row that a stream has published, each exactly once, appended by delta-rs."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from goldlane.errors import UsageError
from goldlane.features.delta_files import open_delta

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable

BATCH, PUBLISHED_AT = "_live_batch", "_live_at"


def live_path(table: FeatureTable, storage: Path) -> Path:
    """Where a storage keeps the rows that streams have published of ``table``."""
    return storage / "tables" / "default" / f"{table.name}_live"


class LiveTable:
    """The table of one stream. Beside the rows' columns it holds the batch that brought each, and when it was published.

    Raises:
        UsageError: another stream has written it.
    """

    def __init__(self, path: Path, stream_id: str) -> None:
        self.path, self.stream_id = path, stream_id
        self._delta = open_delta(path, path.name) if (path / "_delta_log").is_dir() else None
        # Its first commit already says whose it is.
        if self._delta is not None and self.last_batch is None:
            raise UsageError(
                f"{path} was written by another stream, whose checkpoint is gone: its rows would stand in it twice",
                hint="put the checkpoint back, or move the table away and begin anew",
            )

    @property
    def last_batch(self) -> int | None:
        """The last batch in it; None while there is none."""
        return None if self._delta is None else self._delta.transaction_version(self.stream_id)

    @property
    def version(self) -> int | None:
        """Its Delta version."""
        return None if self._delta is None else self._delta.version()

    def append(self, rows: pa.Table, batch_id: int) -> None:
        """Add the rows of a batch, unless they are there: a batch that is replayed brings nothing new."""
        last = self.last_batch
        if last is not None and last >= batch_id:
            return
        now = pa.scalar(datetime.now(timezone.utc), pa.timestamp("us", "UTC"))
        marked = rows.append_column(BATCH, pa.repeat(pa.scalar(batch_id, pa.int64()), rows.num_rows))
        marked = marked.append_column(PUBLISHED_AT, pa.repeat(now, rows.num_rows))
        once = CommitProperties(app_transactions=[Transaction(self.stream_id, batch_id)])
        if self._delta is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_deltalake(str(self.path), marked, commit_properties=once)
            self._delta = DeltaTable(str(self.path))
        else:
            write_deltalake(self._delta, marked, mode="append", schema_mode="merge", commit_properties=once)
            self._delta.update_incremental()
