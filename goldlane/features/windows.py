"""Rolling windows over events, exact and without quadratic cost: every row sees the rows in ``(t - delay - window, t - delay]``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from goldlane.features.blocks import with_block_windows
from goldlane.features.distinct import with_distinct_windows
from goldlane.features.frames import INSTANT, column
from goldlane.features.growing import with_growing_windows
from goldlane.features.window_checks import check_windows

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from goldlane.features.rolling import Rolling

_COUNTS = ("count", "count_distinct")
_STAGES = (
    (("count", "sum", "mean", "last"), with_growing_windows),
    (("count_distinct",), with_distinct_windows),
    (("min", "max", "stddev"), with_block_windows),
)


def with_rolling_features(events: DataFrame, rolling: Sequence[Rolling], *, keys: Sequence[str] | str, time: str) -> DataFrame:
    """Every row of ``events``, in no particular order, with one more column per window.

    A row's window is ``(t - delay - window, t - delay]`` among the rows of its keys: open below, closed above, its own row and all of
    its instant inside unless delayed or ``current_row=False``. Time counts in microseconds, a day is 24 hours.
    Rows whose time or key is NULL stay, count for nobody, and have NULL features.

    Sums and means of integers and decimals are exact; of doubles they are within 1e-12 of the key's running sum of absolute values.
    NaN and infinities act as in Spark inside the windows that hold them, and leave no trace in any other.
    Counts are ``bigint``; sums and means have the types Spark gives them; ``min``, ``max`` and ``last`` their column's; stddev is double.

    Raises:
        WindowError: columns, types or names do not fit; all mistakes at once, before Spark works.
    """
    from pyspark.sql import functions as F

    key_names = (keys,) if isinstance(keys, str) else tuple(keys)
    windows = tuple(rolling)
    check_windows(events, windows, keys=key_names, time=time)
    if not windows:
        return events
    present = reduce(and_, (column(name).isNotNull() for name in (*key_names, time)))
    instant = F.unix_micros(column(time).cast("timestamp"))
    frame = events.withColumn(INSTANT, F.when(present, instant))
    for functions, with_windows in _STAGES:
        mine = [window for window in windows if window.function in functions]
        frame = with_windows(frame, mine, keys=key_names) if mine else frame
    return frame.select(*(column(name) for name in events.columns), *(_answer(window) for window in windows))


def _answer(window: Rolling) -> Column:
    """The window's value: NULL on rows that have no place in time, ``default`` over nothing."""
    from pyspark.sql import functions as F

    found = column(str(window.name))
    if window.default is not None:
        nothing = F.lit(window.default)
        found = F.when(found != 0, found).otherwise(nothing) if window.function in _COUNTS else F.coalesce(found, nothing)
    return F.when(column(INSTANT).isNotNull(), found).alias(str(window.name))
