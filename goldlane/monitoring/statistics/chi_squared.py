"""Pearson's chi-squared test that both samples have the same distribution."""

from __future__ import annotations

import numpy as np

from goldlane.monitoring.statistics.alignment import AlignedCounts
from goldlane.monitoring.statistics.outcome import TestOutcome
from goldlane.monitoring.statistics.science import special


def chi_squared_test(aligned: AlignedCounts) -> TestOutcome:
    """Over the table of two samples by categories, without Yates' correction; 0 and 1 where there is one category only."""
    table = np.stack((aligned.reference, aligned.current))
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] <= 1:
        return TestOutcome(0.0, 1.0)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    return TestOutcome(statistic, float(special().chdtrc(table.shape[1] - 1, statistic)))
