"""Distributions: what two windows of a column are compared by.

A numeric one is weighted points, so a sample, a sketch of it and a merged sketch are the same thing to a statistic. Infinite values
and NaN are no part of it: they are counted apart, in the state, and never move a distance. NULL is no value either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NumericDistribution:
    """``points`` ascending and finite, each of which stands for as many values as ``weights`` has; ``cumulative`` adds these up."""

    points: Floats
    weights: Floats
    cumulative: Floats

    @property
    def count(self) -> int:
        """How many finite values it stands for."""
        return round(float(self.cumulative[-1])) if self.cumulative.size else 0

    @classmethod
    def of_values(cls, values: ArrayLike) -> NumericDistribution:
        """The exact one of a sample; what is not finite is left out."""
        every = np.asarray(values, dtype=np.float64)
        points = np.sort(every[np.isfinite(every)])
        return cls(points=points, weights=np.ones(points.size), cumulative=np.arange(1.0, points.size + 1))

    @classmethod
    def of_weighted(cls, points: Floats, weights: Floats) -> NumericDistribution:
        """Of points in any order, each of which stands for as many values as its weight says."""
        # Sketches come as a few ascending runs, which a stable sort merges.
        order = np.argsort(points, kind="stable")
        ordered = weights[order]
        return cls(points=points[order], weights=ordered, cumulative=np.cumsum(ordered))

    def shares_at_most(self, values: Floats) -> Floats:
        """For each value the share of all values that are at most as large."""
        found = np.searchsorted(self.points, values, side="right")
        shares: Floats = np.where(found > 0, self.cumulative[found - 1], 0.0) / self.cumulative[-1]
        return shares

    def quantiles(self, ranks: Floats) -> Floats:
        """For each rank from 0 to 1 the smallest point that at least this share of all values does not exceed."""
        # Without the half, 0.3 * 10 is 3.0000000000000004 and the third of ten values becomes the fourth.
        asked = np.ceil(ranks * self.cumulative[-1] - 0.5e-6)
        found = np.searchsorted(self.cumulative, asked, side="left")
        quantiles: Floats = self.points[np.minimum(found, self.points.size - 1)]
        return quantiles


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoricalDistribution:
    """How often each value occurs; ``other`` rows hold values that are not among ``items``, none of them more often than any that is."""

    items: Mapping[str, int]
    other: int = 0

    @property
    def count(self) -> int:
        """How many values it stands for; NULL is none."""
        return sum(self.items.values()) + self.other

    @property
    def most_hidden(self) -> int:
        """How often a value that is not among the items can have occurred."""
        return min(min(self.items.values(), default=self.other), self.other)

    @classmethod
    def of_values(cls, values: Iterable[str | None]) -> CategoricalDistribution:
        """The exact one of a sample; NULL is left out."""
        items: dict[str, int] = {}
        for value in values:
            if value is not None:
                items[value] = items.get(value, 0) + 1
        return cls(items=items)
