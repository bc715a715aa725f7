"""Whether windows fit the events they are asked of: names and types only, no Spark job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from goldlane.features.column_names import unknown_column
from goldlane.features.errors import WindowError
from goldlane.features.instants import TIMES
from goldlane.features.instants import kind as kind_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.features.rolling import Rolling

_NUMBERS = ("boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal")
_CHOOSING = ("min", "max", "last")
_ADDING = ("sum", "mean", "stddev")
_UNORDERED = ("map", "variant", "struct", "array", "binary")


def check_windows(events: DataFrame, windows: Sequence[Rolling], *, keys: Sequence[str], time: str, beside: bool = True) -> None:
    """Raises ``WindowError`` with every mistake of the call. ``beside``: the windows become columns beside those of the events."""
    mistakes = [*wrong_frame(events, keys, time), *wrong_names(events.columns if beside else (), windows)]
    for window in windows:
        mistakes += [f"{window.name or window.function}: {mistake}" for mistake in _wrong_window(events, window)]
    if mistakes:
        raise WindowError("rolling features", mistakes)


def wrong_frame(events: DataFrame, keys: Sequence[str], time: str) -> Iterator[str]:
    """What of the keys and the time the rows do not have."""
    if events.isStreaming:
        yield "events are a stream; windows look back over all rows, so read them as a table"
    if not keys:
        yield "keys are missing; name at least one column"
    for key in keys:
        if key not in events.columns:
            yield f"key {_unknown(events, key)}"
        elif (kind := kind_of(events, key)) in ("map", "variant"):
            yield f"key {key!r} is a {kind}, and rows are not told apart by one"
    if time not in events.columns:
        yield f"time {_unknown(events, time)}"
    elif (kind := kind_of(events, time)) not in TIMES:
        yield f"time {time!r} is a {kind}; cast it to timestamp first"


def wrong_names(columns: Sequence[str], windows: Sequence[Rolling]) -> Iterator[str]:
    """Names that windows lack, share, or take from ``columns``."""
    # Spark tells no names apart by case.
    names = Counter(None if window.name is None else window.name.lower() for window in windows)
    yield from (f"{n} windows are named {name!r}" for name, n in names.items() if name is not None and n > 1)
    yield from (f"{window.function} over {window.window} has no name" for window in windows if window.name is None)
    taken = {name.lower() for name in columns}
    yield from (f"the events already have a column {name!r}" for name in names if name in taken)


def _wrong_window(events: DataFrame, window: Rolling) -> Iterator[str]:
    if window.column is not None and window.column not in events.columns:
        yield _unknown(events, window.column)
    elif window.column is not None:
        yield from _wrong_column(window, window.column, kind_of(events, window.column))
    if window.where is not None:
        yield from _wrong_condition(events, window.where)


def _wrong_column(window: Rolling, name: str, kind: str) -> Iterator[str]:
    if window.function in _ADDING and kind not in _NUMBERS:
        yield f"{window.function} needs numbers, and {name!r} is a {kind}"
    elif kind in _UNORDERED:
        yield f"{window.function} needs values in an order, and {name!r} is a {kind}"
    elif window.function in _CHOOSING and window.default is not None and isinstance(window.default, str) != (kind == "string"):
        yield f"default {window.default!r} is no {kind}, as {name!r} is"


def _wrong_condition(events: DataFrame, where: str) -> Iterator[str]:
    from pyspark.errors import AnalysisException, ParseException
    from pyspark.sql import functions as F

    try:
        # Of a filter alone Spark Connect hands out the schema that it knows already.
        events.where(where).select(F.lit(1)).schema  # noqa: B018  analysing is the check
    except (AnalysisException, ParseException) as wrong:
        yield f"where {where!r}: {' '.join(str(wrong).split(';')[0].split())}"


def _unknown(events: DataFrame, name: str) -> str:
    return unknown_column(name, events.columns, "the events")
