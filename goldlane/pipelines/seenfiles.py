"""The files that a file stream has read, from the log in its checkpoint: one file per batch, every tenth one with all before it."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote

_COMPACT = ".compact"


def seen_files(log: Path, newest: int | None) -> set[str] | None:
    """Paths of the files of the batches up to ``newest``; None when the log goes further, or cannot be read for certain."""
    batches = {int(file.name.removesuffix(_COMPACT)): file for file in _entries(log)}
    if newest is None or not batches or max(batches) != newest:
        return None
    start = max((number for number, file in batches.items() if file.suffix == _COMPACT), default=min(batches))
    wanted = range(start, newest + 1)
    if any(number not in batches for number in wanted) or (start != 0 and batches[start].suffix != _COMPACT):
        return None
    seen: set[str] = set()
    for number in wanted:
        lines = batches[number].read_text(encoding="utf-8").splitlines()
        if not lines or lines[0] != "v1":
            return None
        seen.update(_plain(json.loads(line)["path"]) for line in lines[1:])
    return seen


def _entries(log: Path) -> list[Path]:
    files = list(log.iterdir()) if log.is_dir() else []
    plain = [file for file in files if file.name.isdigit()]
    compact = [file for file in files if file.suffix == _COMPACT and file.stem.isdigit()]
    # Of a batch in both forms the compact one counts.
    return [*plain, *compact]


def _plain(url: str) -> str:
    """A URL of the log as a plain path with its scheme, in which a % is a %."""
    return "file:/" + unquote(url).removeprefix("file:").lstrip("/")
