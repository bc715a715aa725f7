"""Granularities, spelled as the platform spells them, and which windows can be made of which.

Windows are UTC whatever the session's time zone; weeks begin on Monday, and ``n weeks`` are counted from Monday, 5 January 1970.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 86_400_000_000
WEEK_US = 7 * DAY_US
# 1 January 1970 was a Thursday; the Monday after it is where weeks are counted from.
FIRST_MONDAY_US = 4 * DAY_US
FIXED = {"5 minutes": 5 * MINUTE_US, "30 minutes": 30 * MINUTE_US, "1 hour": HOUR_US, "1 day": DAY_US}
MONTHS = {"1 month": 1, "1 year": 12}
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_WEEKS = re.compile(r"([1-9]\d?) weeks?")
_SPELLINGS = "'5 minutes', '30 minutes', '1 hour', '1 day', '<n> weeks' (1 to 99), '1 month', '1 year'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Granularity:
    """The width of a window: ``microseconds`` where all windows are equally wide, otherwise a number of calendar ``months``."""

    name: str
    microseconds: int | None = None
    months: int | None = None

    @property
    def origin_us(self) -> int:
        """An instant, in microseconds since 1970, at which a window begins."""
        return FIRST_MONDAY_US if self.microseconds is not None and self.microseconds % WEEK_US == 0 else 0

    def start_of(self, instant_us: int) -> int:
        """Where the window that holds the instant begins, both in microseconds since 1970."""
        if self.microseconds is not None:
            return instant_us - (instant_us - self.origin_us) % self.microseconds
        day = _EPOCH + timedelta(microseconds=instant_us)
        first = datetime(day.year, 1 if self.months == MONTHS["1 year"] else day.month, 1, tzinfo=timezone.utc)
        return int((first - _EPOCH) / timedelta(microseconds=1))

    def end_of(self, start_us: int) -> int:
        """Where the window that begins at ``start_us`` ends; months and years at the first of the next."""
        if self.microseconds is not None:
            return start_us + self.microseconds
        return self.start_of(start_us + ((self.months or 1) * 31 + 1) * DAY_US)

    def holds(self, finer: Granularity) -> bool:
        """Whether each of its windows is made of whole windows of ``finer``."""
        if self.months is not None:
            whole_days = finer.microseconds is not None and DAY_US % finer.microseconds == 0
            return self.months % finer.months == 0 if finer.months is not None else whole_days
        if finer.microseconds is None or self.microseconds is None:
            return False
        return self.microseconds % finer.microseconds == 0 and (self.origin_us - finer.origin_us) % finer.microseconds == 0


def granularity(name: str) -> Granularity:
    """The granularity that the platform calls ``name``; ``ValueError`` when there is none."""
    if name in FIXED:
        return Granularity(name=name, microseconds=FIXED[name])
    if name in MONTHS:
        return Granularity(name=name, months=MONTHS[name])
    weeks = _WEEKS.fullmatch(name) if isinstance(name, str) else None
    if weeks is None:
        raise ValueError(f"{name!r} is no granularity; write one of {_SPELLINGS}")
    count = int(weeks.group(1))
    return Granularity(name="1 week" if count == 1 else f"{count} weeks", microseconds=count * WEEK_US)


def granularity_mistakes(names: Sequence[object]) -> Iterator[str]:
    """Everything wrong with a list of granularities."""
    if not names:
        yield f"granularities are missing; name at least one of {_SPELLINGS}"
    seen: set[str] = set()
    for name in names:
        try:
            found = granularity(name)  # type: ignore[arg-type]  # whatever it is, it says so
        except ValueError as wrong:
            yield str(wrong)
            continue
        if found.name in seen:
            yield f"granularity {found.name!r} is named twice"
        seen.add(found.name)


def base_granularity(names: Sequence[str]) -> Granularity:
    """The one that the table is scanned for; the windows of every other are made of its windows.

    It need not be among ``names``: weeks and months have only the days in common.
    """
    asked = [granularity(name) for name in names]
    shared = [finer for finer in asked if all(coarser.holds(finer) for coarser in asked)]
    return shared[0] if shared else granularity("1 day")
