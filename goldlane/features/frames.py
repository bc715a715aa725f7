"""The words every kind of window shares: a row's instant, the rows that count, and where a window begins and ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from goldlane.expectations.literal import quoted_name

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, WindowSpec

    from goldlane.features.rolling import Rolling

PREFIX = "__goldlane_"
# Microseconds since 1970; NULL for a row without a time or without one of its keys: it counts for nobody.
INSTANT = f"{PREFIX}instant"
# Where a row, or a mark one of its values leaves, stands on the line that a growing frame runs along.
PLACE = f"{PREFIX}place"
# The whole row; NULL for a mark.
ROW = f"{PREFIX}row"
# A second is some 2**20 microseconds; 40 bits hold all of Spark's times in them and leave 24 for the hash of a key.
_SECOND_BITS, _TIME_BITS = 20, 40


def column(name: str) -> Column:
    """The column of exactly this name, dots and all."""
    from pyspark.sql import functions as F

    return F.col(quoted_name(name))


def sound(frame: DataFrame, name: str) -> Column:
    """The column, NULL where it is a fault: NaN and infinities count for nobody."""
    from pyspark.sql import functions as F

    value = column(name)
    # NaN is greater than everything in Spark, so it is not below infinity either.
    return F.when(F.abs(value) < float("inf"), value) if frame.schema[name].dataType.simpleString() in ("float", "double") else value


def counted(window: Rolling, value: Column) -> Column:
    """``value`` on the rows that count for ``window``, NULL on all others."""
    from pyspark.sql import functions as F

    counts = column(INSTANT).isNotNull()
    return F.when(counts if window.where is None else counts & F.expr(window.where), value)


def begin_lag(window: Rolling) -> int:
    """A row's window begins after ``instant - begin_lag``."""
    return window.delay_us + window.window_us


def end_lag(window: Rolling) -> int:
    """A row's window ends with ``instant - end_lag``; time is whole microseconds, so one of them leaves out the row's own instant."""
    return window.delay_us if window.current_row or window.delay_us else 1


def up_to(keys: Sequence[str], lag: int, *, along: str = INSTANT) -> WindowSpec:
    """All rows of the keys up to ``along - lag``: Spark adds to such a frame row by row and never starts over."""
    from pyspark.sql import Window

    return Window.partitionBy(*(column(key) for key in keys)).orderBy(column(along)).rangeBetween(Window.unboundedPreceding, -lag)


def in_line(frame: DataFrame, keys: Sequence[str], *, along: str = INSTANT) -> DataFrame:
    """``frame`` with the rows of a key together and nearly in order of ``along``, which makes the sort of ``up_to`` two times as fast.

    Spark compares rows one by one where it sorts by key and time, but sorts a single number by its digits; rows that are nearly
    in order are then sorted in one pass. The order is only a help: keys whose hashes are equal stand among each other.
    """
    from pyspark.sql import functions as F

    names = [column(key) for key in keys]
    seconds = F.shiftright(F.coalesce(column(along), F.lit(0)), _SECOND_BITS).bitwiseAND(F.lit((1 << _TIME_BITS) - 1))
    number = F.xxhash64(*names).bitwiseAND(F.lit(-1 << _TIME_BITS)).bitwiseOR(seconds)
    return frame.repartition(*names).sortWithinPartitions(number)


def with_marks(frame: DataFrame, spots: Sequence[Column], *, row: Sequence[str], beside: Sequence[str]) -> DataFrame:
    """Each row several times: itself at the first spot, a mark at every other one; a mark whose place is NULL is left out.

    A spot is a struct whose fields become columns, ``PLACE`` among them. The columns ``row`` are packed into ``ROW``, NULL on marks,
    and those ``beside`` stand on rows and marks alike.
    """
    from pyspark.sql import functions as F

    spot, rank = f"{PREFIX}spot", f"{PREFIX}rank"
    packed = F.struct(*(column(name) for name in row)).alias(ROW)
    spread = frame.select(*(column(name) for name in beside), packed, F.posexplode(F.array(*spots)).alias(rank, spot))
    itself = column(rank) == 0
    kept = spread.where(itself | column(spot)[PLACE].isNotNull()).withColumn(ROW, F.when(itself, column(ROW)))
    return kept.select("*", f"{spot}.*").drop(rank, spot)


def rows_of(marked: DataFrame, results: dict[str, Column]) -> DataFrame:
    """The rows of ``with_marks`` again, without the marks, and with ``results`` beside their columns."""
    found = marked.withColumns(results)
    return found.where(column(ROW).isNotNull()).select(f"{ROW}.*", *(column(name) for name in results))
