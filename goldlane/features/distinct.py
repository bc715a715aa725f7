"""count_distinct without sets: a value is present from its event until it is seen again, or until it leaves the window."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from goldlane.features.frames import INSTANT, PLACE, PREFIX, begin_lag, column, counted, end_lag, rows_of, sound, up_to, with_marks

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from goldlane.features.rolling import Rolling


def with_distinct_windows(frame: DataFrame, windows: Sequence[Rolling], *, keys: Sequence[str]) -> DataFrame:
    """``frame`` with a column per window; windows that end at the same lag share one pass."""
    for lag in dict.fromkeys(map(end_lag, windows)):
        frame = _with_windows(frame, [window for window in windows if end_lag(window) == lag], keys=keys)
    return frame


def _with_windows(frame: DataFrame, windows: Sequence[Rolling], *, keys: Sequence[str]) -> DataFrame:
    """A mark of +1 where a value comes and of -1 where it goes; their running sum is the number of values present."""
    from pyspark.sql import functions as F

    changes = {f"{PREFIX}change_{i}": window for i, window in enumerate(windows)}
    seen = _with_next_times(frame, windows, keys=keys)
    marked = with_marks(seen, _spots(changes), row=frame.columns, beside=keys)
    line = up_to(keys, 0, along=PLACE)
    return rows_of(marked, {str(window.name): F.sum(column(change)).over(line) for change, window in changes.items()})


def _with_next_times(frame: DataFrame, windows: Sequence[Rolling], *, keys: Sequence[str]) -> DataFrame:
    """Per counted value the instant at which the same key has it next."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    # One exchange for this sort and the next: the rows of a key stay together, for its values as for itself.
    seen = frame.repartition(*(column(key) for key in keys))
    for (name, condition), window in {(window.column, window.where): window for window in windows}.items():
        value = _value_of(windows, name, condition)
        occurrences = Window.partitionBy(*(column(key) for key in keys), column(value)).orderBy(column(INSTANT))
        following = F.lead(INSTANT).over(occurrences)
        seen = seen.withColumn(value, counted(window, sound(frame, str(name)))).withColumn(f"{value}_next", following)
    return seen


def _spots(changes: dict[str, Rolling]) -> list[Column]:
    from pyspark.sql import functions as F

    def spot(place: Column, moved: dict[str, Column]) -> Column:
        amounts = (moved.get(change, F.lit(0)).cast("int").alias(change) for change in changes)
        return F.struct(place.alias(PLACE), *amounts)

    windows = list(changes.values())
    comes = {change: _comes(window, windows) for change, window in changes.items()}
    itself = spot(column(INSTANT) - end_lag(windows[0]), {})
    arrival = spot(F.when(reduce(or_, comes.values()), column(INSTANT)), comes)
    departures = [spot(F.when(comes[change], _goes(window, windows)), {change: F.lit(-1)}) for change, window in changes.items()]
    return [itself, arrival, *departures]


def _comes(window: Rolling, windows: Sequence[Rolling]) -> Column:
    """Whether the row's value counts and is the last of its kind at this instant."""
    from pyspark.sql import functions as F

    value = _value_of(windows, window.column, window.where)
    following = column(f"{value}_next")
    return column(value).isNotNull() & F.coalesce(following > column(INSTANT), F.lit(True))


def _goes(window: Rolling, windows: Sequence[Rolling]) -> Column:
    """The first place at which the value is no longer present because of this row."""
    from pyspark.sql import functions as F

    leaves = column(INSTANT) + (begin_lag(window) - end_lag(window))
    return F.least(column(f"{_value_of(windows, window.column, window.where)}_next"), leaves)


def _value_of(windows: Sequence[Rolling], name: str | None, condition: str | None) -> str:
    distinct = list(dict.fromkeys((window.column, window.where) for window in windows))
    return f"{PREFIX}value_{distinct.index((name, condition))}"
