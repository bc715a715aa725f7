"""Commits that bring a stream nothing: upkeep, and rows deleted because somebody was forgotten. A stream passes over them.

Delta would stop a stream at any deletion in its source, rightly: it cannot take back what it has read. A forgotten entity's rows are the
exception, for they are deleted from the stream's own table at the same time. Other changes still stop it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from goldlane.forgotten import is_forgetting

_SKIP = "skipChangeCommits"
# With one of these the reader has said itself what changes mean to it.
_DECIDED = frozenset({"skipchangecommits", "ignorechanges", "ignoredeletes", "readchangefeed", "readchangedata"})
_LAST_BATCHES = 2


def over_forgettings(options: Mapping[str, str], table: Path, checkpoint: Path) -> Mapping[str, str]:
    """The options of a stream of ``table``, which passes over deletions if all since its ``checkpoint`` are of forgotten entities."""
    if _DECIDED & {name.lower() for name in options}:
        return options
    changing = [commit for commit in _unread(table, checkpoint) if _has_data(commit, "remove")]
    return {**options, _SKIP: "true"} if changing and all(map(is_forgetting, changing)) else options


def is_quiet(table: Path, first: int, last: int) -> bool:
    """Whether no commit from ``first`` to ``last`` has anything for a stream of the table; not when one cannot be read."""
    return all(is_forgetting(commit) or _is_upkeep(commit) for commit in (_commit(table, version) for version in range(first, last + 1)))


def _unread(table: Path, checkpoint: Path) -> Iterator[Path]:
    """The commits that a stream may still read; a batch that was cut short is read again."""
    read = list(positions(checkpoint))
    versions = [int(commit.stem) for commit in (table / "_delta_log").glob("*.json") if commit.stem.isdigit()]
    if read and versions and max(versions) >= min(version for _, version in read):
        from deltalake import DeltaTable

        own = DeltaTable(str(table)).metadata().id
        first = min((version for table_id, version in read if table_id == str(own)), default=max(versions) + 1)
        yield from (_commit(table, version) for version in sorted(versions) if version >= first)


def positions(checkpoint: Path, batches: int = _LAST_BATCHES) -> Iterator[tuple[str, int]]:
    """Delta tables, by their ids, and the versions that the last ``batches`` of a stream ended before."""
    planned = sorted(int(file.name) for file in (checkpoint / "offsets").glob("[0-9]*") if file.name.isdigit())
    for batch in planned[-batches:]:
        for line in (checkpoint / "offsets" / str(batch)).read_text(encoding="utf-8").splitlines()[2:]:
            position = _json(line)
            if "reservoirId" in position:
                yield str(position["reservoirId"]), int(position["reservoirVersion"])


def _is_upkeep(commit: Path) -> bool:
    return commit.is_file() and not any(_has_data(commit, action) for action in ("add", "remove")) and not _has_shape(commit)


def _has_data(commit: Path, action: str) -> bool:
    return any(line.get(action, {}).get("dataChange", False) for line in _actions(commit))


def _has_shape(commit: Path) -> bool:
    return any("metaData" in line or "protocol" in line for line in _actions(commit))


def _actions(commit: Path) -> Iterator[dict[str, Any]]:
    text = commit.read_text(encoding="utf-8") if commit.is_file() else ""
    return map(_json, filter(None, text.splitlines()))


def _json(line: str) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _commit(table: Path, version: int) -> Path:
    return table / "_delta_log" / f"{version:020}.json"
