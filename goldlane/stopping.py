"""How an update is asked to end: an event, or SIGINT and SIGTERM. Flows look at it between micro-batches."""

from __future__ import annotations

import signal
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LOOK_EVERY_S = 0.1


class StoppedError(Exception):
    """Ends a flow that has been asked to stop; never seen by a user."""


class Stop:
    """Whether to stop, asked of everything below ``parent``, too. ``tag`` marks the jobs that a stop cancels."""

    def __init__(self, event: threading.Event | None = None, *, parent: Stop | None = None) -> None:
        self._event, self._parent = event or threading.Event(), parent
        self.tag: str = parent.tag if parent else f"goldlane-{uuid.uuid4().hex}"
        self.by_signal = False

    @property
    def asked(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set() or (self._parent is not None and self._parent.asked)

    def ask(self) -> None:
        """Stop after the micro-batch that is being written."""
        self._event.set()

    def wait(self, seconds: float) -> bool:
        """Sleep, no longer than until somebody asks; answers ``asked``."""
        end = time.monotonic() + seconds
        while not self.asked and (left := end - time.monotonic()) > 0:
            self._event.wait(min(left, _LOOK_EVERY_S))
        return self.asked

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Let SIGINT and SIGTERM ask; a second one is a KeyboardInterrupt. Only the main thread gets signals."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._handle) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    def _handle(self, number: int, frame: Any) -> None:
        del number, frame
        if self.by_signal:
            raise KeyboardInterrupt
        self.by_signal = True
        self.ask()

    @contextmanager
    def batch_jobs(self, session: SparkSession) -> Iterator[None]:
        """Jobs that a stop cancels: those of a write in one commit, of which a half does nobody any good.

        Raises:
            StoppedError: somebody has asked already.
        """
        if self.asked:
            raise StoppedError
        session.sparkContext.addJobTag(self.tag)
        try:
            yield
        finally:
            session.sparkContext.removeJobTag(self.tag)

    def cancel_batch_jobs(self, session: SparkSession) -> None:
        """Cancel them."""
        session.sparkContext.cancelJobsWithTag(self.tag)
