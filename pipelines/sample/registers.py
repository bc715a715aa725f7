"""The two feeds of changes: what customers and merchants are called, and what happens to their data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipelines.sample.changes import Change, Edit, deletions, feed, in_pairs, soon_after
from pipelines.sample.dice import Dice, Ints
from pipelines.sample.geography import COUNTRIES
from pipelines.sample.people import Customers, Merchants, change_time
from pipelines.sample.period import NEVER, iso
from pipelines.sample.trades import TRADES

if TYPE_CHECKING:
    from pipelines.sample.activity import Activity

_FIRST_NAMES = tuple("Ada Bruno Chloe Dario Elif Franz Greta Hugo Ines Jonas Kenji Lena Maja Nils Olga Piet".split())  # noqa: SIM905  a list of names reads best as text
_LAST_NAMES = tuple("Abel Berg Costa Dupont Ek Fischer Garcia Hayes Ito Jansen Keller Lind Moreau Nowak Ortiz".split())  # noqa: SIM905  a list of names reads best as text
_PLACES = ("Northgate", "Harbour", "Old Town", "Riverside", "Linden", "Station", "Hilltop", "Market Square", "Lakeside", "Mill", "Garden")

_VERIFIED_PERCENT = 70
_LATER_VERIFIED_PERCENT = 40
_PAIRS_PERCENT = 4
_DELETED_PERCENT = 1


def customer_changes(seed: int, customers: Customers, activity: Activity, batches: int) -> list[Change]:
    """INSERTs, moves, verified addresses, new addresses that are verified soon after, DELETEs."""
    dice, count = Dice(seed, "customer changes"), len(customers.since)
    verified = dice.some(_VERIFIED_PERCENT, count)
    births = [
        Edit(at=int(at), key=key, values=_customer(key, int(at), int(home), verified=bool(sure)))
        for key, (at, home, sure) in enumerate(zip(customers.since, customers.home, verified, strict=True))
    ]
    moves = _edits(customers.moved_at, "home_country", [COUNTRIES[place].code for place in customers.later_home])
    confirmed = np.where(~verified & dice.some(_LATER_VERIFIED_PERCENT, count), change_time(dice, customers.since), NEVER)
    chosen, first, second = _pairs(dice, customers.since)
    readdressed = [
        Edit(at=int(at), key=int(key), values={"email": f"{_name(int(key))[1].lower()}.{key + 1}@example.org", "email_verified": False})
        for key, at in zip(chosen, first, strict=True)
    ]
    reconfirmed = [Edit(at=int(at), key=int(key), values={"email_verified": True}) for key, at in zip(chosen, second, strict=True)]
    edits = [*moves, *_edits(confirmed, "email_verified", [True] * count), *in_pairs(readdressed, reconfirmed, batches)]
    last_seen = _last_seen(activity.customer, activity.at, count)
    return feed(dice, births, [*edits, *deletions(dice, last_seen, _DELETED_PERCENT)], batches)


def merchant_changes(seed: int, merchants: Merchants, activity: Activity, batches: int) -> list[Change]:
    """INSERTs, new trades, new names that are corrected soon after, DELETEs."""
    dice, count = Dice(seed, "merchant changes"), len(merchants.since)
    births = [
        Edit(at=int(at), key=key, values=_merchant(key, int(at), int(country), int(trade)))
        for key, (at, country, trade) in enumerate(zip(merchants.since, merchants.country, merchants.trade, strict=True))
    ]
    turns = _edits(merchants.turned_at, "mcc", [TRADES[place].mcc for place in merchants.later_trade])
    chosen, first, second = _pairs(dice, merchants.since)
    renamed = [Edit(at=int(at), key=int(key), values={"name": f"{_place(int(key))} Houze"}) for key, at in zip(chosen, first, strict=True)]
    respelt = [Edit(at=int(at), key=int(key), values={"name": f"{_place(int(key))} House"}) for key, at in zip(chosen, second, strict=True)]
    last_seen = _last_seen(activity.merchant, activity.at, count)
    edits = [*turns, *in_pairs(renamed, respelt, batches), *deletions(dice, last_seen, _DELETED_PERCENT)]
    return feed(dice, births, edits, batches)


def _edits(times: Ints, attribute: str, values: Sequence[object]) -> list[Edit]:
    return [Edit(at=at, key=key, values={attribute: values[key]}) for key, at in enumerate(times.tolist()) if at < NEVER]


def _pairs(dice: Dice, since: Ints) -> tuple[Ints, Ints, Ints]:
    """Some keys, at least two, and two times in quick succession for each."""
    chosen = dice.order(len(since))[: max(2, len(since) * _PAIRS_PERCENT // 100)]
    first = change_time(dice, since[chosen])
    return chosen, first, soon_after(dice, first)


def _last_seen(key: Ints, at: Ints, count: int) -> Ints:
    """The last transaction of each key, -1 for those without any; ``at`` is in ascending order."""
    last = np.full(count, -1, dtype=np.int64)
    np.maximum.at(last, key, at)
    return last


def _customer(key: int, at: int, home: int, *, verified: bool) -> dict[str, object]:
    first, last = _name(key)
    return {
        "full_name": f"{first} {last}",
        "email": f"{first.lower()}.{last.lower()}.{key + 1}@example.com",
        "email_verified": verified,
        "home_country": COUNTRIES[home].code,
        "created_at": iso(at),
    }


def _merchant(key: int, at: int, country: int, trade: int) -> dict[str, object]:
    return {
        "name": f"{_place(key)} {TRADES[trade].word}",
        "mcc": TRADES[trade].mcc,
        "country": COUNTRIES[country].code,
        "onboarded_at": iso(at),
    }


def _name(key: int) -> tuple[str, str]:
    return _FIRST_NAMES[key % len(_FIRST_NAMES)], _LAST_NAMES[key // 3 % len(_LAST_NAMES)]


def _place(key: int) -> str:
    return f"{_PLACES[key % len(_PLACES)]} {key + 1}"
