"""Templates of HTML, and how numbers, times and values stand in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from goldlane.errors import MissingExtraError

if TYPE_CHECKING:
    from jinja2 import Environment

# What stands for a value that must not be shown.
MASK = "\N{BULLET}\N{BULLET}\N{BULLET}"
_LONGEST_VALUE = 120


@cache
def environment(package: str) -> Environment:
    """The templates of ``package``, with those that all pages share beside them; whatever is put into one is text, never HTML.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    try:
        from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
    except ImportError as missing:
        raise MissingExtraError("serve", needed_for="a page of HTML") from missing
    loader = ChoiceLoader([PackageLoader(package), PackageLoader("goldlane.drawing")])
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {
        "words": lambda name: name.replace("_", " "),
        "thousands": lambda number: f"{number:,}",
        "duration": duration,
        "percent": _percent,
        "share": share,
        "shown": shown,
        "heights": heights,
    }
    return made


def duration(seconds: float) -> str:
    """``0.8 s``, ``2 min 5 s``, ``1 h 2 min``."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{seconds:.1f} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def share(part: float | None) -> str:
    """A share in percent that never calls something nothing; a dash where there is none."""
    if part is None:
        return "\N{EN DASH}"
    percent = 100 * part
    if part and percent < 0.01:  # noqa: PLR2004  the last digit shown
        return "< 0.01 %"
    return f"{percent:.2f} %" if 0 < part < 1 else f"{percent:.0f} %"


def heights(values: Sequence[float], room: int, most: float = 0.0) -> list[int]:
    """How high the bars of ``values`` are, the highest ``room`` (``most`` if that is more); one that is not 0 can always be seen."""
    top = max([most, *values], default=0.0)
    return [max(2, round(room * value / top)) if value > 0 and top > 0 else 0 for value in values]


def shown(value: object) -> str:
    """A value in a cell of a table; a long one is cut."""
    text = value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}\N{HORIZONTAL ELLIPSIS}"


def _percent(part: float, whole: float) -> str:
    return f"{min(100.0, 100 * part / whole) if whole else 0:.2f}"
