"""One rolling window, as data: what is aggregated, over which stretch of time, seen from which instant."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from goldlane.features.durations import microseconds
from goldlane.features.errors import DeclarationError
from goldlane.features.types import canonical_type, holds, is_number, is_whole

FUNCTIONS = ("count", "sum", "mean", "min", "max", "stddev", "last", "count_distinct")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# What an instant before or after any other stays a 64-bit number of microseconds.
_LONGEST = 10_000 * 366 * 86_400_000_000
_COUNTS = ("count", "count_distinct")
_NUMERIC = ("count", "sum", "mean", "stddev", "count_distinct")

Default: TypeAlias = bool | int | float | Decimal | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolling:
    """``function`` of ``column`` over the rows in ``(t - delay - window, t - delay]`` that share t's keys.

    ``count`` counts rows; every other function skips NULLs of its column. ``stddev`` is the sample's, NULL below two values;
    ``last`` is the value of the newest instant, the greatest one among ties.
    ``where`` (SQL) keeps the rows for which it is true. ``current_row=False`` leaves out every row of the very same instant.
    Counts over nothing are 0, other aggregates NULL, unless ``default`` is given.
    ``hop`` also keeps the window as tiles that merge at read time (``goldlane.features.tiles``). A feature gives it its name.

    Raises:
        DeclarationError: all mistakes at once.
    """

    name: str | None = None
    function: str
    column: str | None = None
    window: str
    delay: str = "0d"
    where: str | None = None
    current_row: bool = True
    hop: str | None = None
    default: Default = None

    def __post_init__(self) -> None:
        mistakes = [*self._wrong_aggregate(), *self._wrong_stretch()]
        if mistakes:
            raise DeclarationError(f"Rolling {self.name!r}" if self.name else f"Rolling {self.function} over {self.window}", mistakes)

    @property
    def window_us(self) -> int:
        """The window's length in microseconds."""
        return microseconds(self.window)

    @property
    def delay_us(self) -> int:
        """The delay in microseconds."""
        return microseconds(self.delay)

    @property
    def hop_us(self) -> int | None:
        """The length of a tile in microseconds; None for a window without tiles."""
        return None if self.hop is None else microseconds(self.hop)

    @property
    def counts(self) -> bool:
        """Whether the window counts something: it is then never NULL over nothing."""
        return self.function in _COUNTS

    def unfit_for(self, kind: str) -> Iterator[str]:
        """Why a feature of the type ``kind`` cannot hold the window's value, or what stands for it over nothing."""
        name = canonical_type(kind)
        if not (is_whole(name) if self.counts else self.function not in _NUMERIC or is_number(name)):
            yield f"{self.function} gives {'whole ' * self.counts}numbers, and the type is {kind!r}"
        elif self.default is not None and not holds(name, self.default):
            yield f"the default {self.default!r} of its window is no {name}"

    def _wrong_aggregate(self) -> Iterator[str]:
        if self.name is not None and not is_identifier(self.name):
            yield f"name {self.name!r} is no column name (letters, digits, _)"
        if self.function not in FUNCTIONS:
            yield f"unknown function {self.function!r}; known are {', '.join(FUNCTIONS)}"
        elif self.function == "count" and self.column is not None:
            yield f"count counts rows and takes no column; say where='{self.column} IS NOT NULL' to count values"
        elif self.function != "count" and not self.column:
            yield f"{self.function} needs a column"
        if self.column is not None and not isinstance(self.column, str):
            yield f"column must be a column's name, not {self.column!r}"
        if self.where is not None and (not isinstance(self.where, str) or not self.where.strip()):
            yield f"where must be SQL text, not {self.where!r}; leave it out to take every row"
        if not isinstance(self.current_row, bool):
            yield f"current_row must be True or False, not {self.current_row!r}"
        yield from self._wrong_default()

    def _wrong_default(self) -> Iterator[str]:
        if self.default is None:
            return
        if not isinstance(self.default, (bool, int, float, Decimal, str)):
            yield f"default must be a number, text, True or False, not {self.default!r}"
        elif isinstance(self.default, (float, Decimal)) and not math.isfinite(self.default):
            yield f"default must be a finite number, not {self.default!r}"
        elif self.counts and not holds("bigint", self.default):
            yield f"default of {self.function} must be a whole number, not {self.default!r}"
        elif self.function in _NUMERIC and isinstance(self.default, (bool, str)):
            yield f"default of {self.function} must be a number, not {self.default!r}"

    def _wrong_stretch(self) -> Iterator[str]:
        lengths: dict[str, int] = {}
        for setting, text in (("window", self.window), ("delay", self.delay), ("hop", self.hop)):
            if text is None and setting == "hop":
                continue
            try:
                lengths[setting] = microseconds(str(text))
            except ValueError as wrong:
                yield f"{setting} {wrong}"
        yield from (f"{setting} must be longer than 0" for setting in ("window", "hop") if lengths.get(setting) == 0)
        # A tile of one microsecond is an instant, which every table of tiles has besides (goldlane.features.tiles).
        if lengths.get("hop") == 1:
            yield "hop must be longer than 1us"
        if lengths.get("window") == 1 and not lengths.get("delay") and self.current_row is False:
            yield "window 1us without the row's own instant never holds a row"
        if lengths.get("window", 0) + lengths.get("delay", 0) > _LONGEST:
            yield "window and delay together must not be longer than 10,000 years"
        window, hop = lengths.get("window"), lengths.get("hop")
        if window and hop and window % hop:
            yield f"hop {self.hop} does not divide window {self.window}"


def is_identifier(name: object) -> bool:
    """Whether ``name`` can be a column or a table without quotes: letters, digits, _."""
    return isinstance(name, str) and _IDENTIFIER.fullmatch(name) is not None
