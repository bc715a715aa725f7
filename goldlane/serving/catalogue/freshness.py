"""How old a table's newest event is, in words, and whether that is still good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_STEPS = ((60.0, 1.0, "s"), (3600.0, 60.0, "min"), (172_800.0, 3600.0, "h"), (5_184_000.0, 86_400.0, "days"))
_MONTH_S, _YEAR_S = 2_629_800.0, 31_557_600.0
_WHOLE = ((7 * 86_400, "week"), (86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """``state`` is ``fresh``, ``expired`` (all answers are older than the TTL), ``aged`` (no TTL says what is old) or ``unknown``."""

    state: str
    words: str


def freshness(newest: datetime | None, ttl: timedelta | None, now: datetime) -> Freshness:
    """The freshness of a table whose newest event was at ``newest``; an age equal to the TTL is still fresh."""
    if newest is None:
        return Freshness(state="unknown", words="age unknown")
    age = (now - newest).total_seconds()
    if ttl is None:
        return Freshness(state="aged", words=ago(age))
    is_fresh = age <= ttl.total_seconds()
    return Freshness(state="fresh" if is_fresh else "expired", words=f"{'fresh' if is_fresh else 'expired'}, {ago(age)}")


def ago(seconds: float) -> str:
    """``12 min old``; a time that has not come yet is so long ahead."""
    return f"{span(seconds)} old" if seconds >= 0 else f"{span(-seconds)} ahead"


def span(seconds: float) -> str:
    """A length of time in its largest fitting unit, cut off: ``42 s``, ``12 min``, ``5 h``, ``3 days``, ``7 months``, ``3 years``."""
    for below, unit, word in _STEPS:
        if seconds < below:
            return f"{int(seconds // unit)} {word}"
    years = seconds / _YEAR_S
    return f"{int(seconds // _MONTH_S)} months" if years < 2 else f"{int(years)} years"  # noqa: PLR2004  23 months say more than 1 year


def exactly(length: timedelta) -> str:
    """A TTL as people say it, nothing lost: ``1 day``, ``36 hours``."""
    total = length.total_seconds()
    for unit, word in _WHOLE:
        if total >= unit and total % unit == 0:
            count = int(total // unit)
            return f"{count:,} {word}{'' if count == 1 else 's'}"
    return f"{total:g} seconds"
