"""Reading Spark's KLL sketches without Spark: the points they keep are a distribution as they stand.

The format is that of Apache DataSketches, whose sketches of other languages read it as well: a preamble, where each level begins,
the smallest and the largest value, then the points, level by level; a point of level ``n`` stands for ``2 ** n`` values.
"""

from __future__ import annotations

import struct

import numpy as np

from goldlane.monitoring.distributions import Floats, NumericDistribution
from goldlane.monitoring.errors import MonitoringError

_FAMILY = 15
_EMPTY, _SINGLE = 1, 4
# Preamble of a sketch of several values: sizes, the count of values, the smallest k it was merged with, the number of levels.
_COUNT_AT, _LEVELS_AT, _BOUNDS_AT = 8, 18, 20
_SINGLE_AT = 8


def kll_distribution(sketch: bytes) -> NumericDistribution:
    """The points of a ``kll_sketch_*_double``; exact while it has met no more values than its ``k``.

    Raises:
        MonitoringError: the bytes are no KLL sketch of doubles.
    """
    try:
        points, weights = _points(sketch)
    except (struct.error, ValueError, IndexError) as wrong:
        raise MonitoringError(f"{len(sketch)} bytes of state are no KLL sketch of doubles: {wrong}", hint=_HINT) from wrong
    return NumericDistribution.of_weighted(points, weights)


_HINT = "the state was written by another release; delete the monitor's state to have it read the table again"


def _points(sketch: bytes) -> tuple[Floats, Floats]:
    if sketch[2] != _FAMILY:
        raise ValueError(f"their family is {sketch[2]}")
    flags = sketch[3]
    if flags & _EMPTY:
        return np.empty(0), np.empty(0)
    if flags & _SINGLE:
        return np.frombuffer(sketch, "<f8", 1, _SINGLE_AT), np.ones(1)
    return _levelled(sketch)


def _levelled(sketch: bytes) -> tuple[Floats, Floats]:
    (count,) = struct.unpack_from("<q", sketch, _COUNT_AT)
    levels = sketch[_LEVELS_AT]
    begins = np.frombuffer(sketch, "<i4", levels, _BOUNDS_AT)
    bounds_at = _BOUNDS_AT + 4 * levels
    smallest, largest = struct.unpack_from("<dd", sketch, bounds_at)
    points = np.frombuffer(sketch, "<f8", -1, bounds_at + 16)
    sizes = np.diff(begins, append=begins[0] + points.size)
    weights = np.repeat(2.0 ** np.arange(levels), sizes)
    if weights.sum() != count:
        raise ValueError(f"their points stand for {weights.sum():.0f} values, not for {count}")
    return (points, weights) if levels == 1 else _with_bounds(points, weights, (smallest, largest))


def _with_bounds(points: Floats, weights: Floats, bounds: tuple[float, float]) -> tuple[Floats, Floats]:
    """The smallest and the largest value are known exactly; each takes one value from the outermost point on its side."""
    kept = weights.copy()
    outermost = [int(points.argmin()), int(points.argmax())]
    for outer in outermost:
        kept[outer] -= 1.0
    return np.concatenate((points, bounds)), np.concatenate((kept, [1.0, 1.0]))
