"""The sample's calendar. Times are whole milliseconds since 2026-01-01T00:00Z, negative before it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pipelines.sample.dice import Ints

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
DAYS = 90
END = DAYS * DAY
NEVER = 1 << 60

_START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def instant(at: int) -> datetime:
    """``at`` as a datetime in UTC."""
    return _START + timedelta(milliseconds=at)


def iso(at: int, offset: int = 0) -> str:
    """``at`` in ISO 8601 with milliseconds, in the zone ``offset`` minutes east of Greenwich."""
    local = instant(at).astimezone(timezone(timedelta(minutes=offset)))
    return local.isoformat(timespec="milliseconds")


def batch_of(at: Ints, batches: int) -> Ints:
    """The arrival batch, from 1, in whose span ``at`` lies; what came before the period belongs to the first."""
    return np.clip(at, 0, END - 1) * batches // END + 1


def batch_start(batch: int, batches: int) -> int:
    """The first millisecond of a batch's span; of the batch after the last, the end of the period."""
    return -(-(batch - 1) * END // batches)


def first_whole_day(since: Ints) -> Ints:
    """The first day, from 0, that lies wholly after ``since``."""
    return np.maximum(since // DAY + 1, 0)
