"""Distances between the shares of categories: 0 for equal shares, largest where no value occurs in both."""

from __future__ import annotations

import numpy as np

from goldlane.monitoring.distributions import Floats
from goldlane.monitoring.statistics.alignment import AlignedCounts


def total_variation(aligned: AlignedCounts) -> float:
    """The share of rows that would have to change category; 0 to 1."""
    return float(np.abs(_differences(aligned)).sum() / 2)


def l_infinity(aligned: AlignedCounts) -> float:
    """The largest change of any category's share; 0 to 1."""
    return float(np.abs(_differences(aligned)).max())


def jensen_shannon(aligned: AlignedCounts) -> float:
    """The square root of the Jensen-Shannon divergence in nats, as ``scipy.spatial.distance.jensenshannon``; 0 to 0.8326."""
    before, now = _shares(aligned.reference), _shares(aligned.current)
    middle = (before + now) / 2
    divergence = (_relative_entropy(before, middle) + _relative_entropy(now, middle)) / 2
    return float(np.sqrt(max(divergence, 0.0)))


def _differences(aligned: AlignedCounts) -> Floats:
    return _shares(aligned.reference) - _shares(aligned.current)


def _shares(counts: Floats) -> Floats:
    return np.asarray(counts / counts.sum(), dtype=np.float64)


def _relative_entropy(shares: Floats, middle: Floats) -> float:
    present = shares > 0
    return float((shares[present] * np.log(shares[present] / middle[present])).sum())
