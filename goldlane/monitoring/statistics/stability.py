"""The population stability index."""

from __future__ import annotations

import numpy as np

from goldlane.monitoring.distributions import Floats, NumericDistribution

DECILES = np.arange(1, 10) / 10
# A bin that nobody is in counts as one in ten thousand, as Evidently has it; otherwise one empty bin makes the index infinite.
LEAST_SHARE = 1e-4


def population_stability_index(reference: NumericDistribution, current: NumericDistribution) -> float | None:
    """Over ten bins at the deciles of the reference, the outer ones open: the sum of ``(now - then) * ln(now / then)``.

    A value that is so frequent that several deciles fall on it is a bin of its own, so a column of few values is compared value by
    value. None when one of the two is empty.
    """
    if not (reference.points.size and current.points.size):
        return None
    before, now = _binned(reference, current)
    return float(((now - before) * np.log(now / before)).sum())


def _binned(reference: NumericDistribution, current: NumericDistribution) -> tuple[Floats, Floats]:
    cuts = _cuts(reference)
    return _shares(reference, cuts), _shares(current, cuts)


def _cuts(reference: NumericDistribution) -> Floats:
    """The upper ends of all bins but the last; a bin of one value begins right below it."""
    deciles = reference.quantiles(DECILES)
    again = deciles[1:] == deciles[:-1]
    if not again.any() and deciles[0] > reference.points[0]:
        return deciles
    alone = np.concatenate((deciles[1:][again], deciles[:1][deciles[:1] == reference.points[0]]))
    return np.unique(np.concatenate((deciles, np.nextafter(alone, -np.inf))))


def _shares(side: NumericDistribution, cuts: Floats) -> Floats:
    up_to = side.shares_at_most(cuts)
    shares = np.empty(cuts.size + 1)
    shares[0], shares[-1] = up_to[0], 1.0 - up_to[-1]
    np.subtract(up_to[1:], up_to[:-1], out=shares[1:-1])
    return np.maximum(shares, LEAST_SHARE)
