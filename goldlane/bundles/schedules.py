"""Quartz cron expressions, as jobs and monitors have them: seconds first, and a question mark for one of the two days."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS = (
    ("seconds", 0, 59, ()),
    ("minutes", 0, 59, ()),
    ("hours", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 1, 7, _DAYS),
    ("year", 1970, 2099, ()),
)
_DAY_OF_MONTH, _DAY_OF_WEEK, _LEAST = 3, 5, 6
_PART = re.compile(r"(\*|[A-Z0-9]+|(?=/))(?:-([A-Z0-9]+))?(?:/(\d+))?")


def cron_mistakes(text: str) -> Iterator[str]:
    """Why the expression never runs as it is meant; nothing when it is sound."""
    given = text.upper().split()
    if not _LEAST <= len(given) <= len(_FIELDS):
        yield f"{text!r} has {len(given)} fields; Quartz has 6 or 7: seconds, minutes, hours, day of month, month, day of week, year"
        return
    if [given[_DAY_OF_MONTH], given[_DAY_OF_WEEK]].count("?") != 1:
        yield f"{text!r}: exactly one of day of month and day of week is a question mark"
    for value, (name, low, high, names) in zip(given, _FIELDS, strict=False):
        is_day = name.startswith("day")
        if is_day and (value == "?" or re.fullmatch(r"L|LW|\d+W|L-\d+|\w+L|\w+#[1-5]", value)):
            continue
        wrong = [part for part in value.split(",") if not _is_part(part, low, high, names)]
        if wrong:
            yield f"{text!r}: {', '.join(wrong)} is no {name} ({low} to {high})"


def zone_mistakes(name: str) -> Iterator[str]:
    """Why there is no such time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        yield f"there is no time zone {name!r}; say UTC, or one such as Europe/Berlin"


def _is_part(part: str, low: int, high: int, names: tuple[str, ...]) -> bool:
    found = _PART.fullmatch(part)
    if found is None:
        return False
    ends = [_number(each, names) for each in found.groups()[:2] if each not in (None, "", "*")]
    return all(end is not None and low <= end <= high for end in ends)


def _number(text: str | None, names: tuple[str, ...]) -> int | None:
    if text is None:
        return None
    return names.index(text) + 1 if text in names else int(text) if text.isdigit() else None
