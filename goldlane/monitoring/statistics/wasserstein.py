"""The Wasserstein distance: how far values have to move, on average, to turn one distribution into the other."""

from __future__ import annotations

import numpy as np

from goldlane.monitoring.statistics.alignment import AlignedShares


def wasserstein_distance(aligned: AlignedShares) -> float:
    """The area between the two cumulative shares, in the column's own unit."""
    # Between -1e308 and 1e308 lies more than a double can say; half of it can be said.
    halves = aligned.points / 2
    return 2.0 * float(np.abs(aligned.differences[:-1]) @ (halves[1:] - halves[:-1]))
