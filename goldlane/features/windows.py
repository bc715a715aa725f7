"""Rolling windows over events, exact and without quadratic cost: every row sees the rows in ``(t - delay - window, t - delay]``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from goldlane.features.blocks import with_block_windows
from goldlane.features.distinct import with_distinct_windows
from goldlane.features.frames import INSTANT, PREFIX, column, sound
from goldlane.features.growing import with_growing_windows
from goldlane.features.instants import instant
from goldlane.features.online.values import microseconds_of
from goldlane.features.sums import result_type
from goldlane.features.window_checks import refuse, wrong_moment, wrong_windows

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
    refuse("rolling features", [*wrong_windows(events, windows, keys=key_names, time=time), *wrong_moment("until", until)])
    if not windows:
        return events
    # What sorts compare stands first in a row, in one line of the processor's cache.
    names = dict.fromkeys((*key_names, *events.columns))
    # A condition may say `sales.kind`, and only here are columns still those of a table.
    wheres = {where: f"{PREFIX}where_{i}" for i, where in enumerate(dict.fromkeys(w.where for w in windows if w.where is not None))}
    told = (F.expr(where).alias(name) for where, name in wheres.items())
    frame = events.select(_instant(events, key_names, time, until).alias(INSTANT), *map(column, names), *told)
    asked = [window if window.where is None else replace(window, where=wheres[window.where]) for window in windows]
    for functions, with_windows in _STAGES:
        mine = [window for window in asked if window.function in functions]
        frame = with_windows(frame, mine, keys=key_names) if mine else frame
    return frame.select(*(column(name) for name in events.columns), *(_answer(window, events) for window in windows))


def _instant(events: DataFrame, keys: Sequence[str], time: str, until: datetime | None) -> Column:
    """When a row counts; NULL for a row that is a fault."""
    from pyspark.sql import functions as F

    at = instant(events, time)
    conditions = [column(name).isNotNull() for name in (*keys, time)]
    conditions += [] if until is None else [at <= microseconds_of(until)]
    return F.when(reduce(and_, conditions), at)


def _answer(window: Rolling, events: DataFrame) -> Column:
    """The window's value: NULL on rows that are faults, ``default`` over nothing."""
    from pyspark.sql import functions as F

    found = column(str(window.name))
    if window.default is not None:
        kind = None if window.column is None else events.schema[window.column].dataType
        # Of its own type it would make the window's wider: a decimal beside 0.0 is a double.
        nothing = F.lit(window.default).cast(result_type(window, kind))
        found = F.when(found != 0, found).otherwise(nothing) if window.counts else F.coalesce(found, nothing)
    good = column(INSTANT).isNotNull()
    if window.column is not None:
        good &= column(window.column).isNull() | sound(events, window.column).isNotNull()
    return F.when(good, found).alias(str(window.name))
