"""VACUUM: files that no version within the retention needs, those of the change feed among them, and which versions go with them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.maintenance.sparkwork import by_spark
from goldlane.maintenance.stored import Stored

if TYPE_CHECKING:
    from deltalake import DeltaTable

# Below it Delta asks to be told explicitly: a reader or writer that takes longer would lose its files.
SAFE_DAYS = 7
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """Files and bytes that went; the oldest version that can still be read, None when none was lost."""

    files: int = 0
    bytes: int = 0
    readable_from: int | None = None


def purge(table: Stored, delta: DeltaTable, days: int, *, dry_run: bool) -> Purged:
    """Remove what has been unneeded for more than ``days``; a ``dry_run`` only says what that would be."""
    from deltalake.exceptions import DeltaError

    hours = days * 24
    # The quick way goes by the log, which does not name the files of the change feed: rows deleted from a table would live on in them.
    how: dict[str, Any] = {"retention_hours": hours, "enforce_retention_duration": days >= SAFE_DAYS, "full": True}
    try:
        found = [file for file in (_place(table.path, name) for name in delta.vacuum(dry_run=True, **how)) if file.is_file()]
        sizes = [file.stat().st_size for file in found]
        if found and not dry_run:
            delta.vacuum(dry_run=False, **how)
    except DeltaError as refused:
        if not dry_run:
            by_spark(f"VACUUM delta.`{table.path}` RETAIN {hours} HOURS", refused)
        return Purged(readable_from=_readable_from(table.path, days))
    lost = _readable_from(table.path, days) if found else None
    return Purged(files=len(found), bytes=sum(sizes), readable_from=lost)


def _place(table: Path, name: str) -> Path:
    return Path(name) if name.startswith("/") else table / name


def _readable_from(table: Path, days: int) -> int | None:
    """The newest version whose commit took files out of the table before the retention began: every earlier one needs such a file."""
    before = int(time.time() * 1000) - days * _DAY_MS
    return max((int(commit.stem) for commit in _commits(table) if _removed_before(commit, before)), default=None)


def _commits(table: Path) -> Iterator[Path]:
    return (file for file in (table / "_delta_log").glob("*.json") if file.stem.isdigit())


def _removed_before(commit: Path, moment: int) -> bool:
    actions = (json.loads(line) for line in commit.read_text(encoding="utf-8").splitlines() if '"remove"' in line)
    return any("remove" in action and action["remove"].get("deletionTimestamp", 0) <= moment for action in actions)
