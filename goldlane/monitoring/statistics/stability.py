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
    deciles, met = np.unique(reference.quantiles(DECILES), return_counts=True)
    own_bin = (met > 1) | (deciles == reference.points[0])
    cuts = np.sort(np.concatenate((deciles, np.nextafter(deciles[own_bin], -np.inf))))
    shares = [np.diff(side.shares_at_most(cuts), prepend=0.0, append=1.0) for side in (reference, current)]
    return np.maximum(shares[0], LEAST_SHARE), np.maximum(shares[1], LEAST_SHARE)
