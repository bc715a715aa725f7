"""Three patterns a model can learn: compromised merchants, bursts with stolen cards, amounts out of all proportion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.sample.activity import Activity, cents, days
from pipelines.sample.dice import Dice, Ints
from pipelines.sample.period import DAY, HOUR, NEVER
from pipelines.sample.shops import Shops
from pipelines.sample.trades import READING_OF, SWIPED, TYPED_ONLINE

if TYPE_CHECKING:
    from pipelines.sample.people import Customers, Merchants

COMPROMISED, BURST, OUTLIER = 1, 2, 3

PER_BURST = 4
COMPROMISED_DAYS = 7

_FIRST_DAYS = 60
_MISUSED_WITHIN = 5 * DAY
_NIGHT = 4 * HOUR


class Thieves:
    """Makes the fraudulent transactions that are added to what honest card holders did."""

    def __init__(self, seed: int, customers: Customers, merchants: Merchants) -> None:
        self._dice, self._shops = Dice(seed, "fraud"), Shops(merchants)
        self._customers, self._merchants = customers, merchants

    def deeds(self, honest: Activity, count: int) -> tuple[Activity, ...]:
        """``count`` transactions in all: up to 45 % after a compromise, 20 % outliers, and bursts for the rest."""
        skimmed = self._after_compromise(honest, count * 45 // 100)
        outliers = self._outliers(count * 20 // 100)
        return skimmed, outliers, self._bursts(count - len(skimmed) - len(outliers))

    def _after_compromise(self, honest: Activity, most: int) -> Activity:
        """Cards used at a compromised (and busy) merchant are misused within days, half of the time at that very merchant."""
        dice, merchants = self._dice, len(self._merchants.weight)
        busy = np.argsort(np.where(self._merchants.since < 0, -self._merchants.weight, 0), kind="stable")[: max(1, merchants // 2)]
        hit = busy[dice.order(len(busy))[: max(1, merchants // 20)]]
        opened = np.full(merchants, NEVER, dtype=np.int64)
        opened[hit] = (5 + dice.below(_FIRST_DAYS, len(hit))) * DAY
        since = opened[honest.merchant]
        victims = np.flatnonzero((honest.at >= since) & (honest.at < since + COMPROMISED_DAYS * DAY))
        chosen = victims[dice.order(len(victims))[:most]]
        at = honest.at[chosen] + HOUR + dice.below(_MISUSED_WITHIN, len(chosen))
        here = dice.some(50, len(chosen))
        merchant = np.where(here, honest.merchant[chosen], self._shops.anywhere(dice, len(chosen)))
        reading = np.where(here & dice.some(60, len(chosen)), SWIPED, TYPED_ONLINE)
        return self._made(honest.customer[chosen], merchant, at, reading, kind=COMPROMISED)

    def _bursts(self, count: int) -> Activity:
        """A stolen card is used a few times within one hour, typed in online, far from home where possible."""
        dice, bursts = self._dice, -(-count // PER_BURST)
        of_burst = np.arange(count, dtype=np.int64) // PER_BURST
        victim = dice.below(len(self._customers.weight), bursts)
        begin = days(dice, self._customers.since[victim]) * DAY + dice.below(DAY - HOUR, bursts)
        customer = victim[of_burst]
        first, second = self._shops.anywhere(dice, count), self._shops.anywhere(dice, count)
        at_home = self._merchants.country[first] == self._customers.home[customer]
        reading = np.full(count, TYPED_ONLINE, dtype=np.int64)
        return self._made(customer, np.where(at_home, second, first), begin[of_burst] + dice.below(HOUR, count), reading, kind=BURST)

    def _outliers(self, count: int) -> Activity:
        """One huge amount in the small hours, otherwise like any other day."""
        dice = self._dice
        customer = dice.weighted(self._customers.weight, count)
        at = days(dice, self._customers.since[customer]) * DAY + dice.below(_NIGHT, count)
        merchant = self._shops.near(dice, self._customers.home_at(customer, at), at)
        reading = READING_OF[self._merchants.trade_at(merchant, at), dice.below(16, count)]
        return self._made(customer, merchant, at, reading, kind=OUTLIER)

    def _made(self, customer: Ints, merchant: Ints, at: Ints, reading: Ints, *, kind: int) -> Activity:
        dice, count = self._dice, len(at)
        trade, country = self._merchants.trade_at(merchant, at), self._merchants.country[merchant]
        times = 8 + dice.below(12, count) if kind == OUTLIER else 2 + dice.below(3, count)
        return Activity(
            customer=customer,
            merchant=merchant,
            at=at,
            cents=cents(dice, trade, country) * times,
            reading=reading,
            trade=trade,
            card_country=self._customers.home[customer],
            merchant_country=country,
            device=customer * 4 + 2 + dice.below(2, count),
            fraud=np.full(count, kind, dtype=np.int64),
        )
