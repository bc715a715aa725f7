"""Customers and merchants: who they are, how busy, since when, and what changes about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.sample import geography, trades
from pipelines.sample.dice import Dice, Ints
from pipelines.sample.period import DAY, DAYS, NEVER, first_whole_day

LAST_CHANGE = DAYS - 3
"""Attributes change before this day, pairs of changes a few hours later; the last two days are left to DELETEs."""

_LATEST_START = 60
_YEARS = 3 * 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Customers:
    """One place per customer. ``moved_at`` is NEVER for those who stay; the card keeps the country of the first home."""

    weight: Ints
    since: Ints
    home: Ints
    moved_at: Ints
    later_home: Ints

    def home_at(self, customer: Ints, at: Ints) -> Ints:
        """The home country at the time."""
        return np.where(at >= self.moved_at[customer], self.later_home[customer], self.home[customer])


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchants:
    """One place per merchant. ``turned_at`` is NEVER for those who keep their trade."""

    weight: Ints
    since: Ints
    country: Ints
    trade: Ints
    turned_at: Ints
    later_trade: Ints

    def trade_at(self, merchant: Ints, at: Ints) -> Ints:
        """The trade at the time."""
        return np.where(at >= self.turned_at[merchant], self.later_trade[merchant], self.trade[merchant])


def customers(seed: int, transactions: int) -> Customers:
    """One customer for every 50 transactions, at least 20; three of 20 open their account during the period."""
    count, dice = max(20, transactions // 50), Dice(seed, "customers")
    since = _since(dice, count, new_percent=15)
    return Customers(
        weight=dice.lognormal(1.0, count) // 100 + 1,
        since=since,
        home=dice.weighted(geography.SHARES, count),
        moved_at=_changed_at(dice, since, percent=6),
        later_home=dice.weighted(geography.SHARES, count),
    )


def merchants(seed: int, transactions: int) -> Merchants:
    """One merchant for every 200 transactions, at least 10; one of 10 opens during the period."""
    count, dice = max(10, transactions // 200), Dice(seed, "merchants")
    since = _since(dice, count, new_percent=10)
    return Merchants(
        weight=dice.lognormal(1.1, count) // 100 + 1,
        since=since,
        country=dice.weighted(geography.SHARES, count),
        trade=dice.weighted(trades.SHARES, count),
        turned_at=_changed_at(dice, since, percent=4),
        later_trade=dice.weighted(trades.SHARES, count),
    )


def _since(dice: Dice, count: int, *, new_percent: int) -> Ints:
    """When each one began. The first is never new, so that somebody is there on the first day."""
    new = dice.some(new_percent, count)
    new[0] = False
    day = np.where(new, dice.below(_LATEST_START, count), -1 - dice.below(_YEARS, count))
    return day * DAY + dice.below(DAY, count)


def _changed_at(dice: Dice, since: Ints, *, percent: int) -> Ints:
    changing = dice.some(percent, len(since))
    return np.where(changing, change_time(dice, since), NEVER)


def change_time(dice: Dice, since: Ints) -> Ints:
    """A time after the first whole day since ``since`` and before ``LAST_CHANGE``."""
    first = first_whole_day(since) + 1
    return (first + dice.below(LAST_CHANGE - first, len(since))) * DAY + dice.below(DAY, len(since))
