"""Rolling windows over events, exact and without quadratic cost: every row sees the rows in ``(t - delay - window, t - delay]``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from goldlane.features.blocks import with_block_windows
from goldlane.features.distinct import with_distinct_windows
from goldlane.features.errors import WindowError
from goldlane.features.frames import INSTANT, column, sound
from goldlane.features.growing import with_growing_windows
from goldlane.features.instants import instant
from goldlane.features.online.values import microseconds_of
from goldlane.features.window_checks import check_windows

if TYPE_CHECKING:
    from datetime import datetime

    from pyspark.sql import Column, DataFrame

    from goldlane.features.rolling import Rolling

_STAGES = (
    (("count", "sum", "mean", "last"), with_growing_windows),
    (("count_distinct",), with_distinct_windows),
    (("min", "max", "stddev"), with_block_windows),
)


def with_rolling_features(
    events: DataFrame, rolling: Sequence[Rolling], *, keys: Sequence[str] | str, time: str, until: datetime | None = None
) -> DataFrame:
    """Every row of ``events``, in no particular order, with one more column per window.

    A row's window is ``(t - delay - window, t - delay]`` among the rows of its keys: open below, closed above, its own row and all of
    its instant inside unless delayed or ``current_row=False``. Time counts in microseconds, a day is 24 hours.
    Faults stay, count for nobody, and have NULL features: rows whose time or key is NULL, rows after ``until``, and NaN and infinities,
    which are NULL to every other row and leave a row without the features of their column. ``window_rules`` counts them.

    Sums and means of integers and decimals are exact; of doubles they are within 1e-12 of the key's running sum of absolute values.
    Counts are ``bigint``; sums and means have the types Spark gives them; ``min``, ``max`` and ``last`` their column's; stddev is double.

    Raises:
        WindowError: columns, types or names do not fit; all mistakes at once, before Spark works.
    """
    from pyspark.sql import functions as F

    key_names = (keys,) if isinstance(keys, str) else tuple(keys)
    windows = tuple(rolling)
    check_windows(events, windows, keys=key_names, time=time)
    if until is not None and until.tzinfo is None:
        raise WindowError("rolling features", [f"until {until.isoformat()} has no time zone"])
    if not windows:
        return events
    at = instant(events, time)
    conditions = [column(name).isNotNull() for name in (*key_names, time)]
    conditions += [] if until is None else [at <= microseconds_of(until)]
    # What sorts compare stands first in a row, in one line of the processor's cache.
    names = dict.fromkeys((*key_names, *events.columns))
    frame = events.select(F.when(reduce(and_, conditions), at).alias(INSTANT), *map(column, names))
    for functions, with_windows in _STAGES:
        mine = [window for window in windows if window.function in functions]
        frame = with_windows(frame, mine, keys=key_names) if mine else frame
    return frame.select(*(column(name) for name in events.columns), *(_answer(window, events) for window in windows))


def _answer(window: Rolling, events: DataFrame) -> Column:
    """The window's value: NULL on rows that are faults, ``default`` over nothing."""
    from pyspark.sql import functions as F

    found = column(str(window.name))
    if window.default is not None:
        nothing = F.lit(window.default)
        found = F.when(found != 0, found).otherwise(nothing) if window.counts else F.coalesce(found, nothing)
    good = column(INSTANT).isNotNull()
    if window.column is not None:
        good &= column(window.column).isNull() | sound(events, window.column).isNotNull()
    return F.when(good, found).alias(str(window.name))
