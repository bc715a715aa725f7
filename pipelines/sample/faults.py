"""What goes wrong between a transaction and its delivery: lines sent twice, late, or broken. A line has one fault at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.sample.dice import Dice, Flags, Ints
from pipelines.sample.period import DAY, END, HOUR, MINUTE, batch_of, batch_start

if TYPE_CHECKING:
    from pipelines.sample.activity import Activity
    from pipelines.sample.chargebacks import Chargebacks

BROKEN = ("null_transaction_id", "negative_amount", "unparsable_amount", "unknown_currency", "truncated_line")
KINDS = ("duplicate", "late", *BROKEN)

LATE_AFTER = 3 * DAY
"""A late event is older than this against the newest event of all earlier batches."""

_PERCENT = {"duplicate": 40, "late": 20} | dict.fromkeys(BROKEN, 8)
_EACH_FROM = 200
_LATE_MARGIN = 6 * HOUR
_LONGEST_LAG = 15 * MINUTE
_RESENT_WITHIN = 36 * HOUR
_CROSSING_WITHIN = 12 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """One place per line, in the order of delivery; ``fault`` is a place in ``KINDS``, -1 for none; ``cents`` may correct the sale's."""

    sale: Ints
    arrival: Ints
    batch: Ints
    fault: Ints
    cents: Ints

    def of_batch(self, batch: int) -> slice:
        """The lines of one batch."""
        first, after = np.searchsorted(self.batch, [batch, batch + 1])
        return slice(int(first), int(after))


def quotas(transactions: int, faults: float) -> dict[str, int]:
    """Lines of each kind, so that ``faults`` is their share of all lines; from 200 transactions on at least one of each."""
    # Resends come on top of the transactions, hence the denominator.
    lines = transactions / (1 - faults * _PERCENT["duplicate"] / 100)
    least = 1 if faults > 0 and transactions >= _EACH_FROM else 0
    return {kind: max(least, round(faults * lines * percent / 100)) for kind, percent in _PERCENT.items()}


def faulty_lines(seed: int, activity: Activity, disputed: Chargebacks, batches: int, faults: float) -> Lines:
    """Every transaction once, in the order of arrival, and the resent ones again. Disputed sales are delivered well."""
    return _Delivery(seed, activity, disputed, batches).lines(quotas(len(activity), faults))


class _Delivery:
    def __init__(self, seed: int, activity: Activity, disputed: Chargebacks, batches: int) -> None:
        self._dice, self._activity, self._batches = Dice(seed, "faults"), activity, batches
        self._arrival = np.minimum(activity.at + 1 + _lag(Dice(seed, "lag"), len(activity)), END - 1)
        self._batch = batch_of(self._arrival, batches)
        self._fault = np.full(len(activity), -1, dtype=np.int64)
        self._newest = _newest_so_far(activity.at, self._batch, batches)
        # The newest event of each batch stays where it is: it is what lateness is measured against.
        self._free = ~np.isin(activity.at, self._newest)
        self._free[disputed.sale] = False

    def lines(self, counts: dict[str, int]) -> Lines:
        self._delay(counts["late"])
        for kind in BROKEN:
            self._fault[self._pick(self._free, counts[kind])] = KINDS.index(kind)
        sale, arrival = self._resent(counts["duplicate"])
        cents = self._activity.cents
        wrong = self._dice.below(2, len(sale)) == 0
        corrected = cents[sale] + np.where(wrong, 1 + self._dice.below(cents[sale], len(sale)), 0)
        arrivals = np.concatenate([self._arrival, arrival])
        order = np.argsort(arrivals, kind="stable")
        return Lines(
            sale=np.concatenate([np.arange(len(cents)), sale])[order],
            arrival=arrivals[order],
            batch=batch_of(arrivals[order], self._batches),
            fault=np.concatenate([self._fault, np.full(len(sale), KINDS.index("duplicate"))])[order],
            cents=np.concatenate([cents, corrected])[order],
        )

    def _delay(self, count: int) -> None:
        """Lets events arrive in the first batch whose earlier ones have an event more than three days newer."""
        at = self._activity.at
        limits = self._newest - LATE_AFTER - _LATE_MARGIN
        batch = np.searchsorted(limits, at, side="right").astype(np.int64) + 2
        chosen = self._pick(self._free & (batch <= self._batches) & (batch > self._batch), count)
        starts = np.array([batch_start(place, self._batches) for place in range(1, self._batches + 2)], dtype=np.int64)
        begin, end = starts[batch[chosen] - 1], starts[batch[chosen]]
        self._arrival[chosen] = begin + self._dice.below(end - begin, len(chosen))
        self._fault[chosen] = KINDS.index("late")

    def _resent(self, count: int) -> tuple[Ints, Ints]:
        """Clean sales that are sent again, and when: half of them just after the end of their batch, the others within 36 hours."""
        batch = batch_of(self._arrival, self._batches)
        ends = np.array([batch_start(place + 1, self._batches) for place in range(1, self._batches + 1)], dtype=np.int64)[batch - 1]
        near = self._free & (batch < self._batches) & (ends - self._arrival <= _RESENT_WITHIN - _CROSSING_WITHIN)
        crossing = self._pick(near, min((count + 1) // 2, (int(near.sum()) + 1) // 2))
        staying = self._pick(self._free & (self._arrival < END - _RESENT_WITHIN), count - len(crossing))
        again = np.concatenate(
            [
                ends[crossing] + self._dice.below(_CROSSING_WITHIN, len(crossing)),
                self._arrival[staying] + MINUTE + self._dice.below(_RESENT_WITHIN - MINUTE, len(staying)),
            ]
        )
        return np.concatenate([crossing, staying]), np.minimum(again, END - 1)

    def _pick(self, eligible: Flags, count: int) -> Ints:
        """``count`` of the eligible sales, or all if there are fewer; no sale is picked twice."""
        candidates = np.flatnonzero(eligible)
        chosen = candidates[self._dice.order(len(candidates))[:count]]
        self._free[chosen] = False
        return chosen


def _lag(dice: Dice, count: int) -> Ints:
    """How long a line is under way: seconds, for one in 20 minutes."""
    return dice.below(np.where(dice.some(5, count), _LONGEST_LAG, 20_000), count)


def _newest_so_far(at: Ints, batch: Ints, batches: int) -> Ints:
    """The newest event of the batches up to and including each."""
    newest = np.full(batches, -1, dtype=np.int64)
    np.maximum.at(newest, batch - 1, at)
    return np.maximum.accumulate(newest)
