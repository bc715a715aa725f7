"""Chance that falls the same on every machine: whole numbers only, from a bit stream that numpy promises never to change."""

from __future__ import annotations

import math
import zlib
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

QUANTILES = 4096
PER_UNIT = 10_000  # a factor of 1, in the whole numbers of `lognormal`

_HALF = np.uint64(32)


class Dice:
    """One stream per seed and purpose, so that a new question asked of one room never changes the answers in another."""

    def __init__(self, seed: int, purpose: str) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(purpose.encode())]))

    def below(self, limit: int | Ints, size: int) -> Ints:
        """``size`` whole numbers in [0, ``limit``), for one limit or one per number; a limit must be under 2**32."""
        # Not Generator.integers: its stream may change between numpy releases.
        bits = self._bits.random_raw(size) >> _HALF
        scaled = (bits * np.asarray(limit).astype(np.uint64)) >> _HALF
        return scaled.astype(np.int64)

    def order(self, size: int) -> Ints:
        """A shuffle of 0 .. ``size`` - 1."""
        return np.argsort(self._bits.random_raw(size), kind="stable").astype(np.int64)

    def some(self, percent: int, size: int) -> Flags:
        """True for about ``percent`` of 100."""
        return self.below(100, size) < percent

    def weighted(self, weights: Ints, size: int) -> Ints:
        """Places in ``weights``, each drawn as often as its weight says."""
        ladder = np.cumsum(weights)
        return np.searchsorted(ladder, self.below(int(ladder[-1]), size), side="right").astype(np.int64)

    def lognormal(self, sigma: float, size: int) -> Ints:
        """Factors around 1 with the given spread of their logarithm, in units of 1 / ``PER_UNIT``."""
        # A table instead of np.exp, whose last bit depends on the processor.
        normal = NormalDist()
        table = [round(math.exp(sigma * normal.inv_cdf((place + 0.5) / QUANTILES)) * PER_UNIT) for place in range(QUANTILES)]
        return np.array(table, dtype=np.int64)[self.below(QUANTILES, size)]
