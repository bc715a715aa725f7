"""What merchants sell: their category code, what a sale costs, and how cards are read there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

READINGS = (
    ("pos", "chip"),
    ("pos", "contactless"),
    ("pos", "swipe"),
    ("online", "token"),
    ("online", "manual"),
    ("atm", "chip"),
    ("moto", "manual"),
)
"""Channel and entry mode, as they occur together."""

SWIPED = READINGS.index(("pos", "swipe"))
TYPED_ONLINE = READINGS.index(("online", "manual"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """``median`` is in euro cents; ``readings`` says how often, of 16 sales, each of ``READINGS`` is used."""

    mcc: str
    word: str
    median: int
    share: int
    readings: tuple[int, ...]


TRADES = (
    Trade(mcc="5411", word="Grocers", median=2_800, share=26, readings=(5, 10, 1, 0, 0, 0, 0)),
    Trade(mcc="5812", word="Kitchen", median=2_400, share=18, readings=(4, 10, 1, 1, 0, 0, 0)),
    Trade(mcc="5541", word="Fuels", median=5_200, share=10, readings=(8, 6, 2, 0, 0, 0, 0)),
    Trade(mcc="5912", word="Pharmacy", median=1_700, share=8, readings=(5, 9, 0, 2, 0, 0, 0)),
    Trade(mcc="5651", word="Outfitters", median=5_500, share=9, readings=(4, 4, 0, 6, 1, 0, 1)),
    Trade(mcc="5732", word="Electronics", median=12_000, share=6, readings=(3, 2, 0, 8, 3, 0, 0)),
    Trade(mcc="4111", word="Transit", median=600, share=9, readings=(1, 11, 0, 4, 0, 0, 0)),
    Trade(mcc="4899", word="Streaming", median=1_300, share=6, readings=(0, 0, 0, 14, 2, 0, 0)),
    Trade(mcc="7011", word="Hotel", median=16_000, share=3, readings=(6, 2, 1, 4, 1, 0, 2)),
    Trade(mcc="6011", word="Cash", median=9_000, share=5, readings=(0, 0, 0, 0, 0, 16, 0)),
)

SHARES = np.array([trade.share for trade in TRADES], dtype=np.int64)
MEDIANS = np.array([trade.median for trade in TRADES], dtype=np.int64)
READING_OF = np.array([np.repeat(np.arange(len(READINGS)), trade.readings) for trade in TRADES], dtype=np.int64)
"""One row per trade: the reading of each of 16 equally likely sales."""
