"""The Wasserstein distance: how far values have to move, on average, to turn one distribution into the other."""

from __future__ import annotations

import numpy as np

from goldlane.monitoring.statistics.alignment import AlignedShares


def wasserstein_distance(aligned: AlignedShares) -> float:
    """The area between the two cumulative shares, in the column's own unit."""
    return float(np.abs(aligned.differences[:-1]) @ (aligned.points[1:] - aligned.points[:-1]))
