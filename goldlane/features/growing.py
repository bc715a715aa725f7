"""count, sum, mean and last: a trailing window is the difference of two growing frames, each one addition per row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from goldlane.features import sums
from goldlane.features.frames import INSTANT, PREFIX, begin_lag, column, counted, end_lag, sound, up_to

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from goldlane.features.rolling import Rolling

_HALF = 32


def with_growing_windows(frame: DataFrame, windows: Sequence[Rolling], *, keys: Sequence[str]) -> DataFrame:
    """``frame`` with a column per window: one exchange and one sort for all, and each total computed once per window edge."""
    totals = _Totals(keys=tuple(keys))
    results = {str(window.name): _result(window, frame, totals) for window in windows}
    # What is added up is made after the sort, which pays for every column it moves, and before the frames, each of which would copy it.
    together = [column(key) for key in keys]
    ordered = frame.repartition(*together).sortWithinPartitions(*together, column(INSTANT))
    return ordered.withColumns(totals.inputs()).withColumns(totals.running).withColumns(results).drop(*totals.inputs(), *totals.running)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Totals:
    """The growing totals asked for so far; the same total up to the same edge is one column."""

    keys: tuple[str, ...]
    names: dict[tuple[object, ...], str] = field(default_factory=dict)
    values: dict[str, Column] = field(default_factory=dict)
    counters: dict[str, Column] = field(default_factory=dict)
    running: dict[str, Column] = field(default_factory=dict)

    def inputs(self) -> dict[str, Column]:
        """What each row adds. Two counters are the halves of one 64-bit number: every total costs a column per edge."""
        from pyspark.sql import functions as F

        halves: dict[str, list[Column]] = {}
        for i, counter in enumerate(self.counters.values()):
            halves.setdefault(_pair(i), []).append(F.when(counter, F.lit(1 << _HALF * (i % 2)).cast("bigint")).otherwise(0))
        return self.values | {pair: reduce(add, both) for pair, both in halves.items()}

    def input(self, window: Rolling, part: str, value: Column) -> str:
        """The name of the column that holds ``value`` on the rows that count for ``window``."""
        name = self._name("input", window.column, window.where, part)
        self.values.setdefault(name, counted(window, value))
        return name

    def count(self, window: Rolling, part: str, value: Column) -> Column:
        """How many values, on the rows that count for ``window``, the window holds."""
        from pyspark.sql import functions as F

        name = self._name("count", window.column, window.where, part)
        self.counters.setdefault(name, counted(window, value).isNotNull())
        i = list(self.counters).index(name)
        both = self.within(window, _pair(i), F.lit(0))
        return F.shiftright(both, _HALF) if i % 2 else both.bitwiseAND(F.lit((1 << _HALF) - 1))

    def up_to(self, lag: int, function: str, value: str) -> Column:
        """``function`` of a column over all rows up to ``instant - lag``."""
        from pyspark.sql import functions as F

        name = self._name("running", lag, function, value)
        if name not in self.running:
            self.running[name] = getattr(F, function)(column(value)).over(up_to(self.keys, lag))
        return column(name)

    def within(self, window: Rolling, value: str, nothing: Column) -> Column:
        """What a column comes to inside the window."""
        from pyspark.sql import functions as F

        until_end, until_begin = (F.coalesce(self.up_to(lag, "sum", value), nothing) for lag in (end_lag(window), begin_lag(window)))
        return until_end - until_begin

    def _name(self, kind: str, *facts: object) -> str:
        return self.names.setdefault((kind, *facts), f"{PREFIX}{kind}_{len(self.names)}")


def _pair(i: int) -> str:
    """The column in which the i-th counter shares a number with its neighbour."""
    return f"{PREFIX}counts_{i // 2}"


def _result(window: Rolling, frame: DataFrame, totals: _Totals) -> Column:
    from pyspark.sql import functions as F

    if window.function == "count":
        return totals.count(window, "row", column(INSTANT))
    if window.function == "last":
        return _last(window, frame, totals)
    value, kind = sound(frame, str(window.column)), frame.schema[str(window.column)].dataType
    names = {part: totals.input(window, part, added) for part, added in sums.inputs(value, kind).items()}
    parts = {part: totals.within(window, name, F.lit(0).cast(sums.sum_type(part, kind))) for part, name in names.items()}
    values = totals.count(window, "value", value)
    result = sums.total(parts, kind) if window.function == "sum" else sums.mean(parts, values, kind)
    return F.when(values > 0, result)


def _last(window: Rolling, frame: DataFrame, totals: _Totals) -> Column:
    from pyspark.sql import functions as F

    value = sound(frame, str(window.column))
    newest = totals.up_to(
        end_lag(window), "max", totals.input(window, "last", F.when(value.isNotNull(), F.struct(INSTANT, value.alias("value"))))
    )
    return F.when(newest[INSTANT] > column(INSTANT) - begin_lag(window), newest["value"])
