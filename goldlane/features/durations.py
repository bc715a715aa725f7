"""Lengths of time as people write them in declarations: ``30s``, ``5m``, ``1h30m``, ``7d``, ``2w``."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache

_PART = re.compile(r"(\d+)(us|ms|s|m|h|d|w)")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")
_MICROSECONDS = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}


@lru_cache(maxsize=256)
def microseconds(text: str) -> int:
    """``text`` in microseconds, Spark's unit of time; a day is 86,400 s. ``ValueError`` when it is no duration."""
    if not isinstance(text, str) or _DURATION.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no duration; write a whole number and one of {', '.join(_MICROSECONDS)}, as in '7d'")
    return sum(int(number) * _MICROSECONDS[unit] for number, unit in _PART.findall(text))


def ttl_of(seconds: float | None) -> timedelta | None:
    """The length that ``timedelta.total_seconds`` told; seconds round ``timedelta.max`` up to more than there is, and it stays itself."""
    if seconds is None:
        return None
    return timedelta(seconds=seconds) if seconds < timedelta.max.total_seconds() else timedelta.max
