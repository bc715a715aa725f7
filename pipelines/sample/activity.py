"""Card transactions as they happened, before any of them is delivered: one place per transaction."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from pipelines.sample.dice import PER_UNIT, Dice, Ints
from pipelines.sample.geography import PRICES, offset_minutes
from pipelines.sample.period import DAY, DAYS, HOUR, MINUTE, first_whole_day
from pipelines.sample.shops import Shops
from pipelines.sample.trades import MEDIANS, READING_OF

if TYPE_CHECKING:
    from pipelines.sample.people import Customers, Merchants

SMALLEST_CENTS = 100

_BUSY_HOURS = np.repeat(np.arange(24), (2, 1, 1, 1, 1, 2, 4, 9, 12, 11, 11, 13, 17, 14, 12, 12, 14, 18, 19, 16, 12, 9, 6, 4))
# 2026 begins on a Thursday; Fridays and Saturdays are the busiest.
_WEEK = (10, 13, 14, 8, 9, 9, 10)
_BUSY_DAYS = np.concatenate([[0], np.cumsum([_WEEK[day % 7] for day in range(DAYS)])]).astype(np.int64)
_SIGMA = 0.7
_JITTER = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """``cents`` are hundredths of the merchant's currency; ``reading``, ``trade`` and countries are places in their tables."""

    customer: Ints
    merchant: Ints
    at: Ints
    cents: Ints
    reading: Ints
    trade: Ints
    card_country: Ints
    merchant_country: Ints
    device: Ints
    fraud: Ints

    def __len__(self) -> int:
        return len(self.at)

    def take(self, places: Ints) -> Activity:
        """The transactions at these places, in this order."""
        return Activity(**{column.name: getattr(self, column.name)[places] for column in fields(self)})


def joined(*parts: Activity) -> Activity:
    """All parts as one, by time; ties keep the order of the parts."""
    together = Activity(**{column.name: np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(Activity)})
    return together.take(np.argsort(together.at, kind="stable").astype(np.int64))


def ordinary(seed: int, customers: Customers, merchants: Merchants, count: int) -> Activity:
    """What honest card holders do: day and night, week and weekend, mostly near home."""
    dice = Dice(seed, "activity")
    customer = dice.weighted(customers.weight, count)
    at = _times(dice, customers, customer)
    merchant = Shops(merchants).near(dice, customers.home_at(customer, at), at)
    trade = merchants.trade_at(merchant, at)
    country = merchants.country[merchant]
    return Activity(
        customer=customer,
        merchant=merchant,
        at=at,
        cents=cents(dice, trade, country),
        reading=READING_OF[trade, dice.below(16, count)],
        trade=trade,
        card_country=customers.home[customer],
        merchant_country=country,
        device=customer * 4 + dice.below(2, count),
        fraud=np.zeros(count, dtype=np.int64),
    )


def cents(dice: Dice, trade: Ints, country: Ints) -> Ints:
    """Log-normal amounts around the trade's median, in the country's currency; never under one unit."""
    spread = dice.lognormal(_SIGMA, len(trade)) * (PER_UNIT - _JITTER // 2 + dice.below(_JITTER, len(trade))) // PER_UNIT
    amounts: Ints = np.maximum(MEDIANS[trade] * PRICES[country] * spread // PER_UNIT, SMALLEST_CENTS)
    return amounts


def days(dice: Dice, since: Ints) -> Ints:
    """A day for each, by how busy it is, not before the first whole day after ``since``."""
    begun = _BUSY_DAYS[first_whole_day(since)]
    rung = begun + dice.below(_BUSY_DAYS[-1] - begun, len(since))
    return np.searchsorted(_BUSY_DAYS[1:], rung, side="right").astype(np.int64)


def _times(dice: Dice, customers: Customers, customer: Ints) -> Ints:
    day = days(dice, customers.since[customer])
    hour = _BUSY_HOURS[dice.below(len(_BUSY_HOURS), len(customer))]
    local = hour * HOUR + dice.below(HOUR, len(customer))
    ahead = offset_minutes(customers.home[customer], day * DAY) * MINUTE
    return day * DAY + (local - ahead) % DAY
