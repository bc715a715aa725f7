"""How much memory this process and all it started hold together, at their worst."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

_EVERY_S = 0.5


class PeakMemory:
    """While it is entered, samples the process tree; ``gigabytes`` is the greatest sum seen (PSS: shared pages count once)."""

    def __init__(self) -> None:
        self.gigabytes = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(_EVERY_S):
            self.gigabytes = max(self.gigabytes, sum(map(_kilobytes, _tree(os.getpid()))) / 1e6)


def _tree(root: int) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        parent = _field(folder / "status", "PPid")
        if parent is not None:
            children.setdefault(parent, []).append(int(folder.name))
    waiting = [root]
    while waiting:
        process = waiting.pop()
        waiting += children.get(process, [])
        yield process


def _kilobytes(process: int) -> int:
    return _field(Path(f"/proc/{process}/smaps_rollup"), "Pss") or 0


def _field(file: Path, name: str) -> int | None:
    """The number behind ``name``; None for a process that has just ended."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), None)
