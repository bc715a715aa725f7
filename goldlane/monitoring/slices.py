"""The values of slicing expressions that are profiled: the most frequent hundred, and once profiled, always."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from goldlane.monitoring.slicing import SLICES_KEPT

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Slices = Mapping[str, Sequence[str | None]]


def kept_slices(rows: DataFrame, expressions: Sequence[str], known: Slices) -> tuple[Slices, list[str]]:
    """The values of each expression to profile, ``known`` ones first; and a note on each expression that has more than are kept."""
    if not expressions:
        return {}, []
    found: dict[str, list[str | None]] = {expression: [] for expression in expressions}
    total = dict.fromkeys(expressions, 0)
    for row in _most_frequent(rows, expressions).collect():
        expression = expressions[row["number"]]
        found[expression].append(row["value"])
        total[expression] = row["values"]
    kept = {each: list(dict.fromkeys([*known.get(each, ()), *values]))[:SLICES_KEPT] for each, values in found.items()}
    notes = [
        f"slicing expression {expression!r} has {values} values; the {SLICES_KEPT} most frequent are profiled"
        for expression, values in total.items()
        if values > SLICES_KEPT or len({*known.get(expression, ()), *found[expression]}) > SLICES_KEPT
    ]
    return kept, notes


def _most_frequent(rows: DataFrame, expressions: Sequence[str]) -> DataFrame:
    """Of each expression the values that most rows have; ties are broken by the value."""
    each = F.array(
        *(F.struct(F.lit(number).alias("number"), F.expr(text).cast("string").alias("value")) for number, text in enumerate(expressions))
    )
    counted = rows.select(F.explode(each).alias("slice")).groupBy("slice").count()
    of_expression = Window.partitionBy("slice.number")
    ranked = counted.select(
        "slice.*",
        F.row_number().over(of_expression.orderBy(F.desc("count"), "slice.value")).alias("rank"),
        F.count(F.lit(1)).over(of_expression).alias("values"),
    )
    return ranked.where(F.col("rank") <= SLICES_KEPT).orderBy("number", "rank")
