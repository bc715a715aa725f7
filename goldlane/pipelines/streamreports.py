"""What the event log tells of a micro-batch beside its rows: Spark's own report, what is left to read, and which files were found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goldlane.pipelines.backlog import Backlog, delta_backlog

_DELTA, _FILES = "DeltaSource[", "FileStreamSource["


@dataclass(frozen=True, slots=True)
class Listing:
    """Files that a micro-batch found under a path."""

    path: str
    files: int
    milliseconds: int


@dataclass(frozen=True, slots=True)
class StreamReport:
    """``progress`` is Spark's report as a dictionary; ``backlogs`` are by source, of those sources that can tell."""

    progress: Mapping[str, Any]
    backlogs: Mapping[str, Backlog]
    listings: tuple[Listing, ...]


def stream_report(progress: Mapping[str, Any], checkpoint: Path) -> StreamReport:
    """The report of a finished micro-batch of the query at ``checkpoint``."""
    told = {key: value for key, value in progress.items() if key != "observedMetrics"}
    return StreamReport(told, dict(_backlogs(progress)), tuple(_listings(progress, checkpoint)))


def _backlogs(progress: Mapping[str, Any]) -> Iterator[tuple[str, Backlog]]:
    for source in progress.get("sources", ()):
        name, offset = str(source.get("description")), source.get("endOffset")
        if name.startswith(_DELTA) and isinstance(offset, dict):
            yield name, delta_backlog(_path(name, _DELTA), offset)


def _listings(progress: Mapping[str, Any], checkpoint: Path) -> Iterator[Listing]:
    for number, source in enumerate(progress.get("sources", ())):
        name, offset = str(source.get("description")), source.get("endOffset")
        if name.startswith(_FILES) and isinstance(offset, dict) and offset != source.get("startOffset"):
            found = _files(checkpoint / "sources" / str(number), int(offset["logOffset"]))
            yield Listing(str(_path(name, _FILES)), found, int(progress.get("durationMs", {}).get("latestOffset", 0)))


def _files(log: Path, batch: int) -> int:
    """How many files a file source took in one batch; every tenth of its logs repeats all earlier ones."""
    for file in (log / str(batch), log / f"{batch}.compact"):
        if file.is_file():
            entries = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()[1:])
            return sum(entry["batchId"] == batch for entry in entries)
    return 0


def _path(description: str, kind: str) -> Path:
    return Path(description.removeprefix(kind).removesuffix("]").removeprefix("file:"))
