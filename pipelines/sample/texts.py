"""Columns of text, made by Arrow's string kernels: a million pieces in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.sample.period import DAY, DAYS, MINUTE, iso

if TYPE_CHECKING:
    from pipelines.sample.dice import Flags, Ints

# The kernels mix arrays with plain values; their type stubs do not know that.
_KERNELS: Any = pc

_THOUSANDTHS = pa.array([f"{number:03d}" for number in range(1_000)])
_HUNDREDTHS = pa.array([f"{number:02d}" for number in range(100)])
_HEX = pa.array([f"{number:04x}" for number in range(1 << 16)])
_DATES = pa.array([iso(day * DAY)[:11] for day in range(-1, DAYS + 1)])
_CLOCK = pa.array([f"{minute // 60:02d}:{minute % 60:02d}:" for minute in range(24 * 60)])
_SECONDS = pa.array([f"{second:02d}.{millis:03d}" for second in range(60) for millis in range(1_000)])
_ZONES = pa.array(["Z" if hour == 0 else f"{hour:+03d}:00" for hour in range(-12, 15)])


def join(*pieces: pa.StringArray | str) -> pa.StringArray:
    """The pieces of each row, one after the other; a plain text is the same in all rows."""
    joined: pa.StringArray = _KERNELS.binary_join_element_wise(*pieces, "")
    return joined


def choose(condition: Flags, then: pa.StringArray | str, otherwise: pa.StringArray | str) -> pa.StringArray:
    """``then`` where the condition holds."""
    chosen: pa.StringArray = _KERNELS.if_else(pa.array(condition), then, otherwise)
    return chosen


def replaced(texts: pa.StringArray, condition: Flags, substitutes: Sequence[str]) -> pa.StringArray:
    """``texts`` with one substitute after the other where the condition holds."""
    changed: pa.StringArray = _KERNELS.replace_with_mask(texts, pa.array(condition), pa.array(substitutes, pa.string()))
    return changed


def pick(texts: Sequence[str] | pa.StringArray, places: Ints) -> pa.StringArray:
    """The text at each place."""
    table: Any = texts if isinstance(texts, pa.StringArray) else pa.array(texts, pa.string())
    picked: pa.StringArray = table.take(pa.array(places))
    return picked


def digits(numbers: Ints, width: int) -> tuple[pa.StringArray, ...]:
    """Pieces that make the numbers with leading zeros; a longer number stays whole."""
    groups = (width - 1) // 3
    top = numbers // 1_000**groups
    leading = pa.array([f"{number:0{width - 3 * groups}d}" for number in range(int(top.max(initial=0)) + 1)])
    return (pick(leading, top), *(pick(_THOUSANDTHS, numbers // 1_000**power % 1_000) for power in reversed(range(groups))))


def hexadecimal(numbers: Ints) -> tuple[pa.StringArray, ...]:
    """Pieces that make numbers below 2**32 as eight hexadecimal digits."""
    return pick(_HEX, numbers >> 16), pick(_HEX, numbers & 0xFFFF)


def hundredths(numbers: Ints) -> tuple[pa.StringArray | str, ...]:
    """Pieces that make a number of cents with two decimals."""
    return _KERNELS.cast(pa.array(numbers // 100), pa.string()), ".", pick(_HUNDREDTHS, numbers % 100)


def local_time(at: Ints, offset: Ints) -> tuple[pa.StringArray, ...]:
    """Pieces that make ISO 8601 with milliseconds and zone; ``offset`` is in whole hours' minutes east of Greenwich."""
    local = at + offset * MINUTE
    return (
        pick(_DATES, local // DAY + 1),
        pick(_CLOCK, local % DAY // MINUTE),
        pick(_SECONDS, local % MINUTE),
        pick(_ZONES, offset // 60 + 12),
    )


def as_bytes(texts: pa.StringArray) -> memoryview:
    """All texts as one piece of memory, nothing copied; the array must be fresh from a kernel."""
    # A fresh string array holds its texts back to back in its last buffer, which may be longer than they are.
    data: Any = texts.buffers()[2]
    return memoryview(data)[: _KERNELS.sum(_KERNELS.binary_length(texts)).as_py()]
