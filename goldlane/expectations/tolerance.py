"""How much may lie beyond what was seen: bounds on shares and on tails that hold with a stated confidence, whatever the distribution."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

# How far an extrapolated tail is stretched: it is only as good as the slope of what was seen.
_STRETCH = 1.3
_SKEWED = 3.0
_FEWEST_IN_TAIL = 20
_OUTERMOST, _INNERMOST = 0.1, 0.25
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one verdict of many may cost: a ``share`` of good rows, exceeded with a chance of ``doubt`` at most, given ``rows`` seen."""

    rows: int
    share: float
    doubt: float

    def most(self, count: int) -> float:
        """The upper confidence limit of a share of which ``count`` rows were seen (Poisson)."""
        if not self.rows:
            return 1.0
        # Wilson and Hilferty's form of the limit: a little too high for small counts.
        sigma = 1 / (9 * (count + 1))
        return min(1.0, (count + 1) * (1 - sigma + _NORMAL.inv_cdf(1 - self.doubt) * math.sqrt(sigma)) ** 3 / self.rows)

    def covers(self, count: int) -> bool:
        """Whether rows like these ``count`` may be refused."""
        return self.most(count) <= self.share


@dataclass(frozen=True, slots=True)
class Tail:
    """The upper tail of numbers: the greatest, and quantiles by the share that lies above them. Lower tails are negated."""

    greatest: float
    above: Mapping[float, float]
    rank_error: float

    def bound(self, allowance: Allowance, *, positive: bool) -> float:
        """A number with at most the allowed share above it.

        Where the rows suffice, this holds for any distribution: at least as great as the innermost quantile that proves it. Beyond
        that, what was seen is let in, unless it lies far outside the tail's own slope. With fewer rows the slope is extrapolated.
        """
        proven, target = self._proven(allowance), allowance.share / 4
        if proven is None:
            return max(self.greatest, self._extrapolated(target, allowance.rows, positive=positive))
        # So far out that of rows like those seen nearly none is beyond.
        rare = min(target, 0.1 / allowance.rows)
        return max(proven, min(self.greatest, self._extrapolated(rare, allowance.rows, positive=positive)))

    def _proven(self, allowance: Allowance) -> float | None:
        for tail in sorted(self.above, reverse=True):
            if allowance.covers(math.ceil(allowance.rows * (tail + self.rank_error))):
                return self.above[tail]
        return self.greatest if allowance.covers(0) else None

    def _extrapolated(self, target: float, rows: int, *, positive: bool) -> float:
        """The number with a share ``target`` above it: on the line through two quantiles over the logarithm of the tail.

        Exponential tails are such a line, lighter ones are below it. Skewed positive numbers are taken by their logarithms, whose tail
        is at most exponential even where theirs is a power.
        """
        outer = min((tail for tail in self.above if self._holds_some(tail, rows)), default=_OUTERMOST)
        inner = min((tail for tail in self.above if outer < tail <= _INNERMOST), key=lambda tail: abs(tail - 4 * outer))
        start, inside, middle = self.above[outer], self.above[inner], self.above[0.5]
        below = middle - self.above[round(1 - outer, 9)]
        logarithmic = positive and inside > 0 and start - middle > _SKEWED * below
        if logarithmic:
            start, inside = math.log(start), math.log(inside)
        steps = math.log(inner / outer)
        end = start + _STRETCH * (start - inside) / steps * math.log(outer / target)
        return math.exp(min(end, 700.0)) if logarithmic else end

    def _holds_some(self, tail: float, rows: int) -> bool:
        """Whether enough rows lie beyond the quantile to rely on it, and more than the sketch may be off by."""
        return tail <= _OUTERMOST and tail * rows >= _FEWEST_IN_TAIL and tail > self.rank_error
