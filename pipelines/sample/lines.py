"""Transactions as JSON lines, put together column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.sample.dice import Dice
from pipelines.sample.faults import KINDS
from pipelines.sample.geography import COUNTRIES, offset_minutes
from pipelines.sample.period import END
from pipelines.sample.texts import as_bytes, choose, digits, hexadecimal, hundredths, join, local_time, pick, replaced
from pipelines.sample.trades import READINGS, TRADES

if TYPE_CHECKING:
    import pyarrow as pa

    from pipelines.sample.activity import Activity
    from pipelines.sample.dice import Flags, Ints
    from pipelines.sample.faults import Lines

DEVICE_SINCE = END // 2
"""Events from here on carry the column ``device_id``."""

_NO_AMOUNTS = ("12,50 EUR", "abc", "")
_NO_CURRENCIES = ("XXX", "ZZZ")
_SCRAMBLE = 2_654_435_761  # odd, so different devices keep different numbers
_CUT_FROM, _CUT_TO = 33, 76


class Writing:
    """The text of deliveries. A truncated line is cut between a third and three quarters of its length."""

    def __init__(self, seed: int, activity: Activity, lines: Lines) -> None:
        self._seed, self._activity, self._lines = seed, activity, lines

    def text(self, part: slice) -> memoryview:
        """The lines of one part file, each ended by a newline."""
        lines = self._joined(part)
        cut = self._has(part, "truncated_line")
        if not cut.any():
            return as_bytes(lines)
        whole = [str(lines[int(place)]) for place in np.flatnonzero(cut)]
        percent = _CUT_FROM + Dice(self._seed, f"cut {part.start}").below(_CUT_TO - _CUT_FROM, len(whole))
        return as_bytes(replaced(lines, cut, [line[: len(line) * share // 100] + "\n" for line, share in zip(whole, percent, strict=True)]))

    def carries_device(self, part: slice) -> int:
        """How many readable lines have the new column."""
        return int((self._has_device(part) & ~self._has(part, "truncated_line")).sum())

    def _joined(self, part: slice) -> pa.StringArray:
        sale, activity = self._lines.sale[part], self._activity
        country = activity.merchant_country[sale]
        return join(
            self._identity(part),
            ',"customer_id":"C',
            *digits(activity.customer[sale] + 1, 6),
            '","merchant_id":"M',
            *digits(activity.merchant[sale] + 1, 5),
            '","amount":"',
            self._amount(part),
            '","currency":"',
            self._currency(part, country),
            '","event_time":"',
            *local_time(activity.at[sale], offset_minutes(country, activity.at[sale])),
            pick([f'","channel":"{channel}","entry_mode":"{mode}","mcc":"' for channel, mode in READINGS], activity.reading[sale]),
            pick([f'{trade.mcc}","card_country":"' for trade in TRADES], activity.trade[sale]),
            pick([f'{place.code}","merchant_country":"' for place in COUNTRIES], activity.card_country[sale]),
            pick([f'{place.code}"' for place in COUNTRIES], country),
            self._device(part),
            "}\n",
        )

    def _identity(self, part: slice) -> pa.StringArray:
        given = join('{"transaction_id":"T', *digits(self._lines.sale[part] + 1, 9), '"')
        return choose(self._has(part, "null_transaction_id"), '{"transaction_id":null', given)

    def _amount(self, part: slice) -> pa.StringArray:
        sign = pick(["", "-"], self._has(part, "negative_amount").astype(np.int64))
        number = join(sign, *hundredths(self._lines.cents[part]))
        return choose(self._has(part, "unparsable_amount"), pick(_NO_AMOUNTS, self._lines.sale[part] % len(_NO_AMOUNTS)), number)

    def _currency(self, part: slice, country: Ints) -> pa.StringArray:
        known = pick([place.currency for place in COUNTRIES], country)
        return choose(self._has(part, "unknown_currency"), pick(_NO_CURRENCIES, self._lines.sale[part] % len(_NO_CURRENCIES)), known)

    def _device(self, part: slice) -> pa.StringArray:
        number = self._activity.device[self._lines.sale[part]] * _SCRAMBLE % (1 << 32)
        return choose(self._has_device(part), join(',"device_id":"D', *hexadecimal(number), '"'), "")

    def _has_device(self, part: slice) -> Flags:
        return self._activity.at[self._lines.sale[part]] >= DEVICE_SINCE

    def _has(self, part: slice, kind: str) -> Flags:
        has: Flags = self._lines.fault[part] == KINDS.index(kind)
        return has
