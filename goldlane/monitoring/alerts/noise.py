"""How large a measure can be by chance alone: what two samples of one distribution show with a given probability.

A small window never looks like the one before it. These floors keep a rule silent about that, however low its limit is.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

# Ten bins, and one more for each value that several deciles fall on: a few at most.
_PSI_FREEDOM = 13
# A value that one sample has once and the other not at all adds 2 ln 2 to the sum, where chi squared has 1.
_RARE = 2 * math.log(2)


def ks_floor(rows: float, chance: float) -> float:
    """Of the Kolmogorov-Smirnov statistic, and of any change of one share. ``rows`` are those of ``joint_rows``."""
    return math.sqrt(_log(chance) / (2 * rows))


def psi_floor(rows: float, chance: float) -> float:
    """Of the population stability index, which is distributed as chi squared over ``rows``."""
    return _chi_squared(_PSI_FREEDOM, chance) / rows


def js_floor(rows: float, values: int, chance: float) -> float:
    """Of the Jensen-Shannon distance over so many different ``values``: eight times its square, times rows, is chi squared."""
    return math.sqrt(_chi_squared(max(math.ceil(_RARE * (values - 1)), 1), chance) / (8 * rows))


def tv_floor(rows: float, values: int, chance: float) -> float:
    """Of the total variation distance: its mean over so many ``values``, and its concentration about it."""
    return 0.5 * math.sqrt(max(values - 1, 1) / rows) + ks_floor(rows, chance)


def wasserstein_floor(rows: float, chance: float) -> float:
    """Of the Wasserstein distance in standard deviations; twice what a variance would make of it, for heavy tails have none."""
    return 4 * ks_floor(rows, chance)


def share_floor(share: float, rows: float, chance: float) -> float:
    """Of a rise of a ``share`` (0 to 1, of both samples together), by Bernstein's inequality."""
    return math.sqrt(2 * share * (1 - share) * _log(chance) / rows) + _log(chance) / (3 * rows)


def count_floor(usual: float, chance: float) -> float:
    """Of the difference between two counts that are both ``usual`` on the average."""
    return math.sqrt(4 * usual * _log(chance)) + _log(chance) / 3


def joint_rows(one: float, other: float) -> float:
    """The size that the comparison of two samples has: half of theirs when they are equal, at most the smaller one."""
    return one * other / (one + other)


def _log(chance: float) -> float:
    return math.log(2 / chance)


@lru_cache(maxsize=4096)
def _chi_squared(freedom: int, chance: float) -> float:
    """What chi squared exceeds with this probability, by Wilson and Hilferty: a little high for few degrees of freedom."""
    step = 2 / (9 * freedom)
    return float(freedom * (1 - step + NormalDist().inv_cdf(1 - chance) * math.sqrt(step)) ** 3)
