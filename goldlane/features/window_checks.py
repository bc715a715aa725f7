"""Whether windows fit the events they are asked of: names and types only, no Spark job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from goldlane.features.column_names import unknown_column
from goldlane.features.errors import WindowError
from goldlane.features.instants import TIMES
from goldlane.features.instants import kind as kind_of
from goldlane.features.rolling import Rolling
from goldlane.features.sums import result_type
from goldlane.features.types import holds

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_NUMBERS = ("boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal")
_ADDING = ("sum", "mean", "stddev")
_UNORDERED = ("map", "variant", "struct", "array", "binary")


def wrong_windows(events: DataFrame, windows: Sequence[Rolling], *, keys: Sequence[str], time: str, beside: bool = True) -> Iterator[str]:
    """Every mistake of the call. ``beside``: the windows become columns beside those of the events."""
    known = [window for window in windows if isinstance(window, Rolling)]
    yield from (f"{window!r} is no Rolling" for window in windows if not isinstance(window, Rolling))
    yield from wrong_frame(events, keys, time)
    if is_frame(events):
        yield from wrong_names(events.columns if beside else (), known)
        for window in known:
            yield from (f"{window.name or window.function}: {mistake}" for mistake in _wrong_window(events, window))


def refuse(subject: str, mistakes: Iterable[str]) -> None:
    """Raises ``WindowError`` with all mistakes there are."""
    found = list(mistakes)
    if found:
        raise WindowError(subject, found)


def is_frame(rows: object) -> bool:
    """Whether ``rows`` are a DataFrame of Spark."""
    from pyspark.sql import DataFrame

    return isinstance(rows, DataFrame)


def wrong_moment(role: str, moment: datetime | None) -> Iterator[str]:
    """Why ``moment`` is no instant of the world."""
    if moment is None:
        return
    if not isinstance(moment, datetime):
        yield f"{role} must be a datetime with a time zone, not {moment!r}"
    elif moment.tzinfo is None:
        yield f"{role} {moment.isoformat()} has no time zone"


def wrong_frame(rows: DataFrame, keys: Sequence[str], time: str, *, whose: str = "the events") -> Iterator[str]:
    """What of the keys and the time the rows do not have."""
    if not is_frame(rows):
        yield f"{whose} are a {type(rows).__name__}, not a DataFrame of Spark"
        return
    yield from (f"{whose} have {n} columns {name!r}; name each once" for name, n in Counter(rows.columns).items() if n > 1)
    if rows.isStreaming:
        yield f"{whose} are a stream; windows look back over all rows, so read them as a table"
    if not keys:
        yield "keys are missing; name at least one column"
    for key in keys:
        if key not in rows.columns:
            yield f"key {unknown_column(key, rows.columns, whose)}"
        elif rows.columns.count(key) == 1 and (kind := kind_of(rows, key)) in ("map", "variant"):
            yield f"key {key!r} is a {kind}, and rows are not told apart by one"
    if time not in rows.columns:
        yield f"time {unknown_column(time, rows.columns, whose)}"
    elif rows.columns.count(time) == 1 and (kind := kind_of(rows, time)) not in TIMES:
        yield f"time {time!r} is a {kind}; cast it to timestamp first"


def wrong_names(columns: Sequence[str], windows: Sequence[Rolling], *, whose: str = "the events") -> Iterator[str]:
    """Names that windows lack, share, or take from ``columns``."""
    # Spark tells no names apart by case.
    names = Counter(None if window.name is None else window.name.lower() for window in windows)
    yield from (f"{n} windows are named {name!r}" for name, n in names.items() if name is not None and n > 1)
    yield from (f"{window.function} over {window.window} has no name" for window in windows if window.name is None)
    taken = {name.lower() for name in columns}
    yield from (f"{whose} already have a column {name!r}" for name in names if name in taken)


def _wrong_window(events: DataFrame, window: Rolling) -> Iterator[str]:
    if window.column is not None and window.column not in events.columns:
        yield unknown_column(window.column, events.columns, "the events")
    elif window.column is not None and events.columns.count(window.column) == 1:
        yield from _wrong_column(events, window, window.column)
    if window.where is not None:
        yield from _wrong_condition(events, window.where)


def _wrong_column(events: DataFrame, window: Rolling, name: str) -> Iterator[str]:
    kind = kind_of(events, name)
    if window.function in _ADDING and kind not in _NUMBERS:
        yield f"{window.function} needs numbers, and {name!r} is a {kind}"
    elif kind in _UNORDERED:
        yield f"{window.function} needs values in an order, and {name!r} is a {kind}"
    elif window.default is not None and not holds(result := result_type(window, events.schema[name].dataType), window.default):
        yield f"default {window.default!r} is no {result}, as the {window.function} of {name!r} is"


def _wrong_condition(events: DataFrame, where: str) -> Iterator[str]:
    from pyspark.errors import AnalysisException, ParseException
    from pyspark.sql import functions as F

    try:
        # Of a filter alone Spark Connect hands out the schema that it knows already.
        events.where(where).select(F.lit(1)).schema  # noqa: B018  analysing is the check
    except (AnalysisException, ParseException) as wrong:
        yield f"where {where!r}: {' '.join(str(wrong).split(';')[0].split())}"
