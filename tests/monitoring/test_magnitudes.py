"""Counts by order of magnitude put right what a sketch knows little of: the tail."""

from __future__ import annotations

import numpy as np
import pytest

from goldlane.monitoring.distributions import Floats, NumericDistribution
from goldlane.monitoring.magnitudes import calibrated, magnitudes_of
from goldlane.monitoring.statistics import aligned_shares, wasserstein_distance


def counted(values: Floats) -> dict[int, int]:
    bins, counts = np.unique(magnitudes_of(values), return_counts=True)
    return dict(zip(bins.tolist(), counts.tolist(), strict=True))


def thinned(values: Floats, keep: int, seed: int) -> NumericDistribution:
    """As a sketch has it: a sample, each point of which stands for many values."""
    chosen = np.random.default_rng(seed).choice(values, keep, replace=False)
    return NumericDistribution.of_weighted(chosen, np.full(keep, values.size / keep))


def distance(before: NumericDistribution, now: NumericDistribution) -> float:
    aligned = aligned_shares(before, now)
    assert aligned is not None
    return wasserstein_distance(aligned)


def test_zero_is_a_bin_of_its_own_and_signs_are_kept_apart() -> None:
    bins = magnitudes_of(np.array([0.0, 1.0, -1.0, 1.05, 2.0, 1e-300, 1e300]))

    assert bins[0] == 0
    assert bins[1] == bins[3] == -bins[2]
    assert bins[4] == bins[1] + 8
    assert 0 < bins[5] < bins[1] < bins[6]


def test_powers_of_two_and_ten_stand_well_inside_their_bins() -> None:
    usual = np.concatenate((2.0 ** np.arange(-60, 60), 10.0 ** np.arange(-18, 19), np.arange(1.0, 1000.0)))

    assert np.array_equal(magnitudes_of(usual * (1 - 1e-12)), magnitudes_of(usual * (1 + 1e-12)))


def test_each_bin_holds_as_many_values_as_were_counted() -> None:
    values = np.random.default_rng(1).normal(0, 5, 20_000)

    distribution = calibrated(thinned(values, 500, seed=2), counted(values))

    bins = magnitudes_of(distribution.points)
    assert {name: pytest.approx(distribution.weights[bins == name].sum()) for name in counted(values)} == counted(values)
    assert distribution.count == values.size


@pytest.mark.parametrize("shift", [1.1, 1.5])
def test_the_distance_of_heavy_tails_is_right_within_three_percent(shift: float) -> None:
    before, now = (np.random.default_rng(seed).lognormal(0, 2, 200_000) for seed in (3, 4))
    sketches = [thinned(values, 4_000, seed) for seed, values in ((5, before), (6, now * shift))]

    exact = distance(NumericDistribution.of_values(before), NumericDistribution.of_values(now * shift))
    ours = distance(calibrated(sketches[0], counted(before)), calibrated(sketches[1], counted(now * shift)))

    assert ours == pytest.approx(exact, rel=0.03)
    assert distance(*sketches) != pytest.approx(exact, rel=0.03)


def test_counts_that_do_not_add_up_leave_the_sketch_as_it_was() -> None:
    sketched = thinned(np.arange(1.0, 101.0), 10, seed=1)

    assert calibrated(sketched, {10_000: 99}) is sketched
    assert calibrated(sketched, {}) is sketched
