"""Two distributions over the same places: what every statistic of a pair begins with, worked out once for all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from goldlane.monitoring.distributions import CategoricalDistribution, Floats, NumericDistribution

# What is left of sums of shares that are equal; a row in a million million.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AlignedShares:
    """The points of both, ascending, and how much larger the reference's share of values up to each point is than the other's.

    Among equal points only the last difference counts: the earlier ones stand before a jump that is not finished.
    """

    points: Floats
    differences: Floats
    counts: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AlignedCounts:
    """How often each category of either occurs in both, in one order."""

    reference: Floats
    current: Floats


def aligned_shares(reference: NumericDistribution, current: NumericDistribution) -> AlignedShares | None:
    """Both cumulative shares over all points; None when one of them is empty."""
    if not (reference.points.size and current.points.size):
        return None
    points = np.concatenate((reference.points, current.points))
    # Two ascending runs: a stable sort merges them in linear time.
    order = np.argsort(points, kind="stable")
    steps = np.concatenate((reference.weights / reference.cumulative[-1], current.weights / -current.cumulative[-1]))
    differences = np.cumsum(steps[order])
    differences[np.abs(differences) < _ROUNDING] = 0.0
    return AlignedShares(points=points[order], differences=differences, counts=(reference.count, current.count))


def aligned_counts(reference: CategoricalDistribution, current: CategoricalDistribution) -> AlignedCounts | None:
    """Counts per category; None when one of the two is empty.

    A value that only one side lists went under in the other's ``other`` unless it is more frequent than anything hidden there can be:
    then it is counted as missing. What may be hidden joins ``other``, so a cut list never makes drift of its own.
    """
    if not (reference.count and current.count):
        return None
    folded = _hidden(reference, current) | _hidden(current, reference)
    listed = [item for item in {**reference.items, **current.items} if item not in folded]
    sides = [_counts(side, listed) for side in (reference, current)]
    return AlignedCounts(reference=sides[0], current=sides[1])


def _hidden(listing: CategoricalDistribution, other: CategoricalDistribution) -> set[str]:
    """The items of ``listing`` that ``other`` may have had without listing them."""
    limit = other.most_hidden / other.count * listing.count
    return {item for item, count in listing.items.items() if item not in other.items and count <= limit}


def _counts(side: CategoricalDistribution, listed: list[str]) -> Floats:
    counts = [side.items.get(item, 0) for item in listed]
    return np.array([*counts, side.count - sum(counts)], dtype=np.float64)
