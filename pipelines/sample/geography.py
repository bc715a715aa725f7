"""The countries of cards and merchants: zone, currency, share of the people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.sample.period import DAY, HOUR, MINUTE, NEVER

if TYPE_CHECKING:
    from pipelines.sample.dice import Ints

# Where clocks went forward in 2026: Europe on 29 March at 01:00 UTC, New York on 8 March at 07:00 UTC.
_EUROPE = 87 * DAY + HOUR
_NEW_YORK = 66 * DAY + 7 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """``offset`` is its winter time in minutes east of Greenwich; ``price`` says how many units of its currency buy one euro's worth."""

    code: str
    currency: str
    offset: int
    summer_from: int = _EUROPE
    price: int = 1
    share: int


COUNTRIES = (
    Country(code="DE", currency="EUR", offset=60, share=28),
    Country(code="FR", currency="EUR", offset=60, share=18),
    Country(code="GB", currency="GBP", offset=0, share=14),
    Country(code="US", currency="USD", offset=-300, summer_from=_NEW_YORK, share=12),
    Country(code="ES", currency="EUR", offset=60, share=8),
    Country(code="CH", currency="CHF", offset=60, share=6),
    Country(code="PL", currency="PLN", offset=60, price=4, share=5),
    Country(code="SE", currency="SEK", offset=60, price=11, share=5),
    Country(code="JP", currency="JPY", offset=540, summer_from=NEVER, price=160, share=4),
)

SHARES = np.array([country.share for country in COUNTRIES], dtype=np.int64)
PRICES = np.array([country.price for country in COUNTRIES], dtype=np.int64)

_OFFSETS = np.array([country.offset for country in COUNTRIES], dtype=np.int64)
_SUMMERS = np.array([country.summer_from for country in COUNTRIES], dtype=np.int64)


def offset_minutes(country: Ints, at: Ints) -> Ints:
    """Minutes east of Greenwich that a clock of the country shows at the time, summer time included."""
    return _OFFSETS[country] + np.where(at >= _SUMMERS[country], HOUR // MINUTE, 0)
