"""Which windows a change reaches: those it lies in, at every granularity, and for drift the ones after them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from goldlane.monitoring.granularities import Granularity
from goldlane.monitoring.windows import timestamp_literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """Starts of windows of one granularity, in microseconds: whose profile changed, whose drift did, and what that is compared with."""

    granularity: Granularity
    profiled: frozenset[int]
    drifted: frozenset[int]
    compared: frozenset[int]

    @property
    def read(self) -> frozenset[int]:
        """Every window whose state is needed."""
        return self.profiled | self.drifted | self.compared


def affected(groups: Mapping[Any, Sequence[int]], touched: Collection[int], granularity: Granularity) -> Affected:
    """``groups`` are the base windows that each slice and model has; ``touched`` the base windows that changed, or went."""
    profiled = frozenset(map(granularity.start_of, touched))
    drifted: set[int] = set(profiled)
    compared: set[int] = set()
    coarse = [sorted({granularity.start_of(start) for start in starts}) for starts in groups.values()]
    for starts in coarse:
        drifted.update(_after(starts, profiled))
    for starts in coarse:
        compared.update(_before(starts, drifted))
    return Affected(granularity=granularity, profiled=profiled, drifted=frozenset(drifted), compared=frozenset(compared))


def windows_condition(windows: Iterable[tuple[Granularity, Collection[int]]]) -> str:
    """SQL that is true of the rows of these windows."""
    conditions = [
        f"(granularity = '{granularity.name}' AND window.start IN ({', '.join(map(timestamp_literal, sorted(starts)))}))"
        for granularity, starts in windows
        if starts
    ]
    return " OR ".join(conditions) or "false"


def _after(starts: Sequence[int], windows: Iterable[int]) -> Iterable[int]:
    places = (bisect_right(starts, window) for window in windows)
    return (starts[place] for place in places if place < len(starts))


def _before(starts: Sequence[int], windows: Iterable[int]) -> Iterable[int]:
    places = (bisect_left(starts, window) for window in windows)
    return (starts[place - 1] for place in places if place > 0)
