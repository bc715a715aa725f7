"""Locks in files: the system lets go of one when the process that holds it ends, kill -9 included."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from goldlane.errors import GoldlaneError, UsageError


@contextmanager
def file_lock(place: Path, refusal: Callable[[str], GoldlaneError]) -> Iterator[None]:
    """Hold the lock ``place``; it does not wait for whoever holds it, and raises ``refusal`` of its name instead.

    Raises:
        UsageError: the file cannot be made.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle = place.open("a+", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{place} cannot be made: {error.strerror}", hint="the folder must be writable") from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise refusal(handle.read().strip() or "another process") from None
        handle.truncate(0)
        handle.write(f"process {os.getpid()}")
        handle.flush()
        yield
