"""Exact counts of values by order of magnitude: what keeps the tail of a sketch honest.

A KLL sketch is exact about ranks, so the largest thousandth of a million values is a handful of its points. In a heavy tail that
thousandth holds a good part of the sum: between two lognormal samples (sigma 2) the Wasserstein distance of sketches alone was 59 % off,
with these counts 0.5 % (benchmarks/drift_accuracy.py). Eight bins an octave add half of the sketch's time, and add up when windows are
merged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from goldlane.monitoring.distributions import Floats, NumericDistribution

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS_PER_OCTAVE = 8
# Of these, as many bins are kept as items of a string are: 125 octaves, 37 powers of ten. A column with more is read from its sketch.
TRACKED = 4_096
# Moves the edges of bins away from whole numbers and powers of ten, which Java's and numpy's logarithms may round differently.
_SHIFT = 10_000.37
_LOG_2 = 0.6931471805599453
# Fewer points than this say less about where the values of a bin are than its width does.
_FEW = 16
_STEPS = 4


def magnitude_sql(value: str) -> str:
    """The bin of a finite number, as an INT: 0 for zero, negative for what is negative; ``value`` is SQL of type DOUBLE.

    Count it by ``approx_top_k(<bin>, ITEMS_KEPT, TRACKED)``, which is exact as long as there are no more bins than that.
    """
    bin_of = f"signum({value}) * ({_SHIFT} + ln(abs({value})) / {_LOG_2} * {BINS_PER_OCTAVE})"
    return f"CAST(CASE WHEN {value} = 0 THEN 0 ELSE {bin_of} END AS INT)"


def magnitudes_of(values: Floats) -> NDArray[np.int64]:
    """The same bins, of finite numbers."""
    bins = np.zeros(values.shape)
    some = values != 0
    bins[some] = np.sign(values[some]) * (_SHIFT + np.log(np.abs(values[some])) / _LOG_2 * BINS_PER_OCTAVE)
    return np.trunc(bins).astype(np.int64)


def calibrated(sketched: NumericDistribution, magnitudes: Mapping[int, int]) -> NumericDistribution:
    """The sketch's points, weighted so that each bin holds as many values as were counted; where it has few, even steps instead.

    Counts that do not add up to the sketch's (more bins than were tracked) are no help: then it is the sketch as it was.
    """
    counted = sum(magnitudes.values())
    if counted != sketched.count or not counted:
        return sketched
    bins = np.array(sorted(magnitudes), dtype=np.int64)
    counts = np.array([magnitudes[name] for name in bins.tolist()], dtype=np.float64)
    return _calibrated(sketched, bins, counts)


def _calibrated(sketched: NumericDistribution, bins: NDArray[np.int64], counts: Floats) -> NumericDistribution:
    found = magnitudes_of(sketched.points)
    place = np.minimum(np.searchsorted(bins, found), bins.size - 1)
    few = np.bincount(place, minlength=bins.size) < _FEW
    kept = (bins[place] == found) & ~few[place]
    points, weights, place = sketched.points[kept], sketched.weights[kept], place[kept]
    scaled = weights * (counts / np.maximum(np.bincount(place, weights=weights, minlength=bins.size), 1.0))[place]
    steps, shares = _steps(bins[few]), np.repeat(counts[few] / _STEPS, _STEPS)
    return NumericDistribution.of_weighted(np.concatenate((points, steps)), np.concatenate((scaled, shares)))


def _steps(bins: NDArray[np.int64]) -> Floats:
    """For each bin the middles of its parts."""
    within = (np.arange(_STEPS) + 0.5) / _STEPS
    exponents = (np.abs(bins)[:, None] + within - _SHIFT) / BINS_PER_OCTAVE
    steps: Floats = np.where(bins[:, None] == 0, 0.0, np.sign(bins)[:, None] * np.exp2(exponents)).ravel()
    return steps
