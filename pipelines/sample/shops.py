"""Where a card is used: mostly near home, always at a merchant that is already open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.sample.geography import COUNTRIES
from pipelines.sample.period import DAY, first_whole_day

if TYPE_CHECKING:
    from pipelines.sample.dice import Dice, Flags, Ints
    from pipelines.sample.people import Merchants

_NEAR_PERCENT = 85


class Shops:
    """Draws merchants by how busy they are."""

    def __init__(self, merchants: Merchants) -> None:
        self._first_day = first_whole_day(merchants.since)
        self._by_country = np.argsort(merchants.country, kind="stable").astype(np.int64)
        sorted_countries = merchants.country[self._by_country]
        self._edges = np.searchsorted(sorted_countries, np.arange(len(COUNTRIES) + 1)).astype(np.int64)
        self._all = _ladder(merchants.weight[self._by_country])
        established = np.where(merchants.since < 0, merchants.weight, 0)
        self._established = _ladder(established[self._by_country])

    def near(self, dice: Dice, home: Ints, at: Ints) -> Ints:
        """One open merchant per time, mostly of the home country, if it has any."""
        near = dice.some(_NEAR_PERCENT, len(home))
        merchant = self._draw(dice, self._all, home, near)
        settled = self._draw(dice, self._established, home, near)
        return np.where(self._first_day[merchant] * DAY <= at, merchant, settled)

    def anywhere(self, dice: Dice, size: int) -> Ints:
        """Merchants of any country that were open before the period."""
        return self._draw(dice, self._established, np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.bool_))

    def _draw(self, dice: Dice, ladder: Ints, home: Ints, near: Flags) -> Ints:
        low, high = ladder[self._edges[home]], ladder[self._edges[home + 1]]
        local = near & (high > low)
        low, high = np.where(local, low, 0), np.where(local, high, ladder[-1])
        rung = low + dice.below(high - low, len(home))
        return self._by_country[np.searchsorted(ladder[1:], rung, side="right")]


def _ladder(weights: Ints) -> Ints:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(weights)])
