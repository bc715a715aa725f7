"""Files as a source leaves them: whole or not there at all, dated when the batch arrived."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

from pipelines.sample.period import batch_start, instant

LINES_PER_PART = 50_000
FEWEST_PARTS = 2


def parts(lines: slice) -> Iterator[slice]:
    """``lines`` cut into parts of nearly equal size: two or more, but never an empty one."""
    count = lines.stop - lines.start
    pieces = min(count, max(FEWEST_PARTS, -(-count // LINES_PER_PART)))
    edges = [lines.start + count * piece // pieces for piece in range(pieces + 1)] if pieces else []
    return (slice(begin, end) for begin, end in pairwise(edges))


def arrival_seconds(batch: int, batches: int) -> int:
    """When the first file of a batch is there: at the end of the batch's span."""
    return int(instant(batch_start(batch + 1, batches)).timestamp())


def deliver(folder: Path, batch: int, arrived: int, lines: slice, text: Callable[[slice], bytes | memoryview]) -> None:
    """Writes the part files of one feed's batch; part n is n seconds younger than the batch."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, part in enumerate(parts(lines), start=1):
        put(folder / f"batch-{batch:02d}-part-{number:02d}.json", text(part), modified=arrived + number)


def put(file: Path, content: bytes | memoryview, *, modified: int | None = None) -> None:
    """Writes under a name that Auto Loader ignores, then renames."""
    unfinished = file.with_name(f".{file.name}.unfinished")
    with unfinished.open("wb") as out:
        out.write(content)
    if modified is not None:
        os.utime(unfinished, (modified, modified))
    unfinished.replace(file)
