"""What a Delta source still holds for a stream: read in the table's log, from the stream's offset on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Backlog:
    """Files that the stream has not read, and their bytes."""

    files: int
    bytes: int


def delta_backlog(table: Path, offset: Mapping[str, Any]) -> Backlog:
    """What ``table`` holds beyond ``offset``, Spark's ``endOffset`` of a micro-batch."""
    version, index = int(offset["reservoirVersion"]), int(offset["index"])
    if offset.get("isStartingVersion") and index >= 0:
        sizes = [*_snapshot(table, version)[index + 1 :], *_added(table, version + 1)]
    else:
        # A negative index means that nothing of this version has been read.
        sizes = list(_added(table, version))[max(index + 1, 0) if index >= 0 else 0 :]
    return Backlog(len(sizes), sum(sizes))


def _snapshot(table: Path, version: int) -> list[int]:
    """The sizes of a version's files in the order in which a stream reads them."""
    import pyarrow as pa
    from deltalake import DeltaTable

    # No more columns: the statistics may hold a day that Python does not have.
    found = pa.table(DeltaTable(str(table), version=version).get_add_actions())
    files = found.select(["path", "size_bytes", "modification_time"]).to_pylist()
    return [file["size_bytes"] for file in sorted(files, key=lambda file: (file["modification_time"], file["path"]))]


def _added(table: Path, version: int) -> Iterator[int]:
    """The sizes of the files added from ``version`` on."""
    while (commit := table / "_delta_log" / f"{version:020}.json").is_file():
        for line in commit.read_text(encoding="utf-8").splitlines():
            added = json.loads(line).get("add")
            if added is not None and added["dataChange"]:
                yield added["size"]
        version += 1
