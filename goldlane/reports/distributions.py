"""Two distributions beside each other, as shares that name no value."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_BINS = 10
_ITEMS = 8

Shares = tuple[tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiled:
    """What a profile row knows of a column: ``quantiles`` at even ranks from the least value to the greatest, or its frequent ``items``."""

    count: int
    quantiles: tuple[float, ...] = ()
    items: tuple[tuple[str, int], ...] = ()


def compared(now: Profiled | None, before: Profiled | None) -> Shares:
    """The shares of rows now and before: in the tenths of before, or of its most frequent values and all others; empty where unknown.

    Tenths that end at one value are one: a column that is mostly 0 has few of them.
    """
    if now is None or before is None:
        return (), ()
    if len(now.quantiles) > 1 and len(before.quantiles) > 1:
        edges = sorted({_quantile(before.quantiles, number / _BINS) for number in range(1, _BINS)})
        return _binned(now.quantiles, edges), _binned(before.quantiles, edges)
    if now.items and before.items and now.count and before.count:
        names = [name for name, _ in before.items[:_ITEMS]]
        return _ranked(now, names), _ranked(before, names)
    return (), ()


def _quantile(quantiles: Sequence[float], rank: float) -> float:
    return quantiles[round(rank * (len(quantiles) - 1))]


def _binned(quantiles: Sequence[float], edges: Sequence[float]) -> tuple[float, ...]:
    """The share of rows up to each edge, and beyond the last one."""
    below = [0.0, *(_rank(quantiles, edge) for edge in edges), 1.0]
    return tuple(round(above - under, 4) for under, above in pairwise(below))


def _rank(quantiles: Sequence[float], value: float) -> float:
    """The share of rows at or below ``value``, between two quantiles by their distance."""
    last = len(quantiles) - 1
    above = bisect_right(quantiles, value)
    if above == 0:
        return 0.0
    if above > last:
        return 1.0
    if quantiles[above - 1] == value and bisect_left(quantiles, value) < above - 1:
        return (above - 1) / last
    low, high = quantiles[above - 1], quantiles[above]
    return (above - 1 + (value - low) / (high - low)) / last


def _ranked(profiled: Profiled, names: Sequence[str]) -> tuple[float, ...]:
    counts = dict(profiled.items)
    shares = [counts.get(name, 0) / profiled.count for name in names]
    return (*(round(share, 4) for share in shares), round(max(0.0, 1 - sum(shares)), 4))
