"""count, sum, mean and last: a trailing window is the difference of two growing frames, each one addition per row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from goldlane.features import sums
from goldlane.features.frames import INSTANT, PREFIX, begin_lag, column, counted, end_lag, in_line, sound, up_to

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from goldlane.features.rolling import Rolling


def with_growing_windows(frame: DataFrame, windows: Sequence[Rolling], *, keys: Sequence[str]) -> DataFrame:
    """``frame`` with a column per window: one exchange and one sort for all, and each total computed once per window edge."""
    totals = _Totals(keys=tuple(keys))
    results = {str(window.name): _result(window, frame, totals) for window in windows}
    # The inputs come first as columns of their own: Spark would sort one more copy of them for every frame.
    # Where rows are only counted there are none, which Spark Connect refuses to add.
    lines = in_line(frame.withColumns(totals.inputs) if totals.inputs else frame, keys)
    return lines.withColumns(totals.running).withColumns(results).drop(*totals.inputs, *totals.running)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Totals:
    """The growing totals asked for so far; the same total up to the same edge is one column."""

    keys: tuple[str, ...]
    names: dict[tuple[object, ...], str] = field(default_factory=dict)
    inputs: dict[str, Column] = field(default_factory=dict)
    running: dict[str, Column] = field(default_factory=dict)

    def input(self, window: Rolling, part: str, value: Column) -> str:
        """The name of the column that holds ``value`` on the rows that count for ``window``."""
        name = self._name("input", window.column, window.where, part)
        self.inputs.setdefault(name, counted(window, value))
        return name

    def up_to(self, lag: int, function: str, value: str) -> Column:
        """``function`` of a column over all rows up to ``instant - lag``."""
        from pyspark.sql import functions as F

        name = self._name("running", lag, function, value)
        if name not in self.running:
            self.running[name] = getattr(F, function)(column(value)).over(up_to(self.keys, lag))
        return column(name)

    def within(self, window: Rolling, function: str, value: str, nothing: Column) -> Column:
        """What came to a count or sum inside the window."""
        from pyspark.sql import functions as F

        edges = (end_lag(window), begin_lag(window))
        until_end, until_begin = (F.coalesce(self.up_to(lag, function, value), nothing) for lag in edges)
        return until_end - until_begin

    def _name(self, kind: str, *facts: object) -> str:
        return self.names.setdefault((kind, *facts), f"{PREFIX}{kind}_{len(self.names)}")


def _result(window: Rolling, frame: DataFrame, totals: _Totals) -> Column:
    from pyspark.sql import functions as F

    if window.function == "count":
        rows = INSTANT if window.where is None else totals.input(window, "row", F.lit(1))
        return totals.within(window, "count", rows, F.lit(0))
    if window.function == "last":
        return _last(window, frame, totals)
    kind = frame.schema[str(window.column)].dataType
    added = sums.inputs(sound(frame, str(window.column)), kind)
    names = {part: totals.input(window, part, value) for part, value in added.items()}
    values = totals.within(window, "count", next(iter(names.values())), F.lit(0))
    parts = {part: totals.within(window, "sum", name, F.lit(0).cast(sums.sum_type(part, kind))) for part, name in names.items()}
    result = sums.total(parts, kind) if window.function == "sum" else sums.mean(parts, values, kind)
    return F.when(values > 0, result)


def _last(window: Rolling, frame: DataFrame, totals: _Totals) -> Column:
    from pyspark.sql import functions as F

    value = sound(frame, str(window.column))
    newest = totals.up_to(
        end_lag(window), "max", totals.input(window, "last", F.when(value.isNotNull(), F.struct(INSTANT, value.alias("value"))))
    )
    return F.when(newest[INSTANT] > column(INSTANT) - begin_lag(window), newest["value"])
