"""The values of slicing expressions that are profiled: the most frequent hundred, and those that were profiled before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from goldlane.errors import first_line
from goldlane.monitoring.slicing import SLICES_KEPT
from goldlane.monitoring.survivors import survivors

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, Row

Slices = Mapping[str, Sequence[str | None]]
# A value that was profiled counts as if it were twice as far up, so that two neighbours do not change places at every refresh.
_RANKS_READ = 2 * SLICES_KEPT


def kept_slices(rows: DataFrame, expressions: Sequence[str], known: Slices, *, is_whole: bool) -> tuple[Slices, list[str]]:
    """The values of each expression to profile, and a note on each expression that fails, or has more values than are kept.

    ``known`` are those profiled before. While only a part of the rows is read they all stay; of the whole, those that are still frequent.
    """

    def attempt(asked: Mapping[str, str]) -> list[Row]:
        return _most_frequent(rows, asked).collect()

    found, failed = survivors(_named(expressions), attempt)
    ranked: dict[str, dict[str | None, int]] = {expression: {} for expression in expressions if expression not in failed}
    total = dict.fromkeys(ranked, 0)
    for row in found or ():
        ranked[row["expression"]][row["value"]] = row["rank"]
        total[row["expression"]] = row["values"]
    kept = {each: _kept(ranks, known.get(each, ()), is_whole=is_whole) for each, ranks in ranked.items()}
    too_many = [
        f"slicing expression {expression!r} has {values:,} values; the {SLICES_KEPT} most frequent are profiled"
        for expression, values in total.items()
        if values > SLICES_KEPT or not set(ranked[expression]) <= set(kept[expression])
    ]
    return kept, [*_left_out(failed), *too_many]


def sliceable(rows: DataFrame, slices: Slices) -> tuple[Slices, Mapping[str, str]]:
    """Those ``slices`` that ``rows`` can be cut by, and why not by the others: a column that is not there, a row that it fails on."""
    _, failed = survivors(_named(slices), lambda asked: rows.agg(*(F.max(_value(expression)) for expression in asked)).collect())
    why = {expression: first_line(error) for expression, error in failed.items()}
    return {expression: values for expression, values in slices.items() if expression not in why}, why


def _named(expressions: Iterable[str]) -> dict[str, str]:
    return {expression: expression for expression in expressions}


def _value(expression: str) -> Column:
    return F.expr(expression).cast("string")


def _left_out(failed: Mapping[str, Exception]) -> list[str]:
    return [f"slicing expression {expression!r} is left out: {first_line(error)}" for expression, error in failed.items()]


def _kept(ranks: Mapping[str | None, int], known: Sequence[str | None], *, is_whole: bool) -> list[str | None]:
    """The known ones first, in the order they had, so that the same values are told the same way."""
    stay = [value for value in known if value in ranks or not is_whole]
    wanted = dict.fromkeys([*stay, *ranks])
    if is_whole:
        near = sorted(wanted, key=lambda value: ranks[value] / 2 if value in known else ranks[value])
        wanted = {value: None for value in wanted if value in set(near[:SLICES_KEPT])}
    return list(wanted)[:SLICES_KEPT]


def _most_frequent(rows: DataFrame, expressions: Iterable[str]) -> DataFrame:
    """Of each expression the values that most rows have; ties are broken by the value."""
    each = F.array(*(F.struct(F.lit(text).alias("expression"), _value(text).alias("value")) for text in expressions))
    counted = rows.select(F.explode(each).alias("slice")).groupBy("slice").count()
    of_expression = Window.partitionBy("slice.expression")
    ranked = counted.select(
        "slice.*",
        F.row_number().over(of_expression.orderBy(F.desc("count"), "slice.value")).alias("rank"),
        F.count(F.lit(1)).over(of_expression).alias("values"),
    )
    return ranked.where(F.col("rank") <= _RANKS_READ).orderBy("expression", "rank")
