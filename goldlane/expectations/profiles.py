"""What one pass over a table learned of its columns, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """One column. Counts, ``least`` and ``most`` are exact; quantiles are a KLL sketch's, within ``rank_error`` of their rank.

    ``least`` and ``most`` are None for a day that Python does not have. ``quantiles`` are of the finite numbers, by rank;
    ``odd_numbers`` counts NaN and the infinities. ``values`` and ``shapes`` are the most frequent ones with their counts, exact where
    they add up to all rows with a value. A shape is a text with ``A`` for each capital letter, ``a`` for each small one and ``9`` for
    each digit; longer texts than 64 letters have none. ``lengths`` are the least and the greatest, and ``words`` counts texts of
    nothing but ASCII letters, digits, ``_`` and ``-``.
    """

    name: str
    type: str
    nulls: int
    least: Any = None
    most: Any = None
    quantiles: Mapping[float, float] = field(default_factory=dict, hash=False)
    rank_error: float = 0.0
    odd_numbers: int = 0
    distinct: int | None = None
    values: tuple[tuple[Any, int], ...] = ()
    shapes: tuple[tuple[str, int], ...] = ()
    lengths: tuple[int, int] | None = None
    blanks: int = 0
    words: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A table: how many rows were read, all of them, and its columns in order."""

    rows: int
    columns: tuple[ColumnProfile, ...]
