"""No update runs while tables are rewritten: both would change the same files, and one of the two would fail."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


@contextmanager
def updates_held(storage: Path) -> Iterator[tuple[str, ...]]:
    """Hold the locks of the storage's pipelines, so that none begins an update; hand out those that are in the middle of one."""
    running = []
    with ExitStack() as held:
        for file in sorted((storage / "system" / "locks").glob("*.lock")):
            handle = held.enter_context(file.open("a+"))
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                running.append(file.stem)
        yield tuple(running)
