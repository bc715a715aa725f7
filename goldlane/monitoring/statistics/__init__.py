"""Statistics over pairs of distributions: pure functions, the reference first, the window that is compared with it second."""

from __future__ import annotations

from goldlane.monitoring.statistics.alignment import AlignedCounts, AlignedShares, aligned_counts, aligned_shares
from goldlane.monitoring.statistics.chi_squared import chi_squared_test
from goldlane.monitoring.statistics.distances import jensen_shannon, l_infinity, total_variation
from goldlane.monitoring.statistics.kolmogorov_smirnov import ks_pvalues, ks_statistic, ks_test
from goldlane.monitoring.statistics.outcome import TestOutcome
from goldlane.monitoring.statistics.stability import population_stability_index
from goldlane.monitoring.statistics.wasserstein import wasserstein_distance

__all__ = [
    "AlignedCounts",
    "AlignedShares",
    "TestOutcome",
    "aligned_counts",
    "aligned_shares",
    "chi_squared_test",
    "jensen_shannon",
    "ks_pvalues",
    "ks_statistic",
    "ks_test",
    "l_infinity",
    "population_stability_index",
    "total_variation",
    "wasserstein_distance",
]
