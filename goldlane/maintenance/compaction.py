"""OPTIMIZE: many small files of a partition become few. The commit changes no data: streams and change feeds pass over it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa

from goldlane.maintenance.sparkwork import by_spark
from goldlane.maintenance.stored import Stored

if TYPE_CHECKING:
    from deltalake import DeltaTable

# Delta's own target; a file of this size is left alone.
_FULL_BYTES = 100 * 1024 * 1024


def compact(table: Stored, delta: DeltaTable, *, dry_run: bool) -> int:
    """Put small files of one partition together; how many there were. A ``dry_run`` only counts them."""
    from deltalake.exceptions import DeltaError

    small = _small_files(delta)
    if not small or dry_run:
        return small
    try:
        return int(delta.optimize.compact()["numFilesRemoved"])
    except DeltaError as refused:
        by_spark(f"OPTIMIZE delta.`{table.path}`", refused)
        return small


def _small_files(delta: DeltaTable) -> int:
    files = pa.table(delta.get_add_actions(flatten=True)).select(["path", "size_bytes"]).to_pylist()
    per_folder = Counter(file["path"].rpartition("/")[0] for file in files if file["size_bytes"] < _FULL_BYTES)
    return sum(count for count in per_folder.values() if count > 1)
