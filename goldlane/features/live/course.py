"""How a continuous publisher works: where it keeps what it must remember, how it is stopped, and whom it tells."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from goldlane.features.online.store import StoreError
from goldlane.stopping import Stop

Result = TypeVar("Result")
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """One micro-batch of a stream, or one version of a gold table (``number``), that readers of the store see now."""

    table: str
    number: int
    rows_written: int = 0
    rows_deleted: int = 0
    rows_late: int = 0
    rows_rejected: int = 0
    rows_forgotten: int = 0
    seconds: float = 0.0


def _silent(told: object) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """How to publish continuously.

    ``storage`` keeps a stream's checkpoint and its ``<table>_live`` table; by default it is the project's. ``every_s`` is the time between
    two looks at the source. A store that cannot be reached is tried again for ``patience_s``. ``on_applied`` and ``on_notice`` are called
    while publishing goes on.
    """

    storage: Path | None = None
    stop: Stop = field(default_factory=Stop)
    every_s: float = 0.1
    patience_s: float = 60.0
    on_applied: Callable[[Applied], None] = _silent
    on_notice: Callable[[str], None] = _silent

    def patiently(self, work: Callable[[], Result]) -> Result:
        """What ``work`` answers, tried again, at growing intervals, while the store cannot be reached.

        Raises:
            StoreError: it still cannot, after ``patience_s`` or when asked to stop.
        """
        wait, until = _FIRST_WAIT_S, time.monotonic() + self.patience_s
        while True:
            try:
                return work()
            except StoreError as error:
                if time.monotonic() + wait > until:
                    raise
                self.on_notice(f"{error.message}; trying again in {wait:.1f} s")
                if self.stop.wait(wait):
                    raise
                wait = min(wait * 2, _LONGEST_WAIT_S)
