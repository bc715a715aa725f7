"""What card holders dispute: fraud becomes visible here, days after the sale, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.sample.dice import PER_UNIT, Dice, Flags, Ints
from pipelines.sample.period import DAY, END, batch_start

if TYPE_CHECKING:
    from pipelines.sample.activity import Activity

REASONS = ("fraud", "not_received", "duplicate", "other")

SOONEST, LATEST = 2 * DAY, 45 * DAY

_TYPICAL = 9 * DAY
_REPORTED_PERCENT = 95
_DISPUTED_PER_MILLE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Chargebacks:
    """One place per chargeback, by time; ``sale`` is the transaction's place, ``reason`` a place in ``REASONS``."""

    sale: Ints
    at: Ints
    reason: Ints


def chargebacks(seed: int, activity: Activity, batches: int) -> Chargebacks:
    """Those reported within the period, at most one per sale; the first batch has one if its first sale is early enough."""
    dice = Dice(seed, "chargebacks")
    count = len(activity)
    reported = np.where(activity.fraud > 0, dice.some(_REPORTED_PERCENT, count), dice.below(1_000, count) < _DISPUTED_PER_MILLE)
    reason = np.where(activity.fraud > 0, 0, 1 + dice.below(len(REASONS) - 1, count))
    # The factor is at most 10 and the typical delay is 9 days, so the product stays far below 2**63.
    delay = np.clip(_TYPICAL * dice.lognormal(0.6, count) // PER_UNIT + dice.below(DAY, count), SOONEST, LATEST)
    at = activity.at + delay
    _open_first_batch(reported, at, activity.at, batch_start(2, batches))
    sale = np.flatnonzero(reported & (at < END)).astype(np.int64)
    by_time = sale[np.argsort(at[sale], kind="stable")]
    return Chargebacks(sale=by_time, at=at[by_time], reason=reason[by_time])


def _open_first_batch(reported: Flags, at: Ints, sold: Ints, until: int) -> None:
    """Has the first sale disputed at once if nothing else is: a landing folder without a file has no schema."""
    if len(at) and not np.any(reported & (at < until)) and sold[0] + SOONEST < until:
        reported[0] = True
        at[0] = sold[0] + SOONEST
