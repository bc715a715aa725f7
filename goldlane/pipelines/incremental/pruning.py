"""Which files of a table can hold rows of touched keys, as a condition that lets Delta skip the others."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.incremental.expressions import substituted
from goldlane.pipelines.incremental.filebounds import Files, Interval, column_of, files_of, joined, ordered, whole
from goldlane.pipelines.incremental.monotone import TIME_TYPES, rising_column
from goldlane.pipelines.incremental.plans import analyzed, frame_of, kind, named, number, projected
from goldlane.pipelines.incremental.sources import TableVersion
from goldlane.pipelines.incremental.touched import Touched

if TYPE_CHECKING:
    from pyspark.sql import Column, SparkSession

# Merges meet columns of the same name on their other side.
TABLE = "target"


@dataclass(frozen=True, slots=True)
class Pruned:
    """``conditions`` by column of the table, whose alias in them is ``TABLE``; ``rows`` of the files left, None if not counted.

    The column comes first by which the most rows are left out, and a time before a number: by it, the files are laid out.

    ``left_out`` are paths of files in which no touched key can be.
    """

    conditions: Mapping[str, Column]
    rows: int | None
    left_out: frozenset[str] = frozenset()


def pruned(session: SparkSession, table: TableVersion, expressions: Mapping[str, Any], touched: Touched) -> Pruned:
    """The files of ``table`` that can hold rows whose ``expressions``, by key column, are among the touched keys."""
    plain = files_of(table)
    rows = None if plain is None else sum(plain.rows)
    best: dict[str, tuple[tuple[int, bool], Column]] = {}
    left_out: set[str] = set()
    for name, expression in expressions.items():
        column = rising_column(expression)
        files = None if column is None else files_of(table, str(column.name()))
        if column is None or files is None:
            continue
        wanted, nulls = touched.intervals(name)
        chosen = _chosen(session, files, expression, column, wanted)
        found = sum(files.rows[file] for file in chosen)
        # Where a touched key is NULL, it may be in any file.
        left_out |= set() if nulls else set(files.paths) - {files.paths[file] for file in chosen}
        place, rank = str(column.name()), (found, column.dataType().simpleString() not in TIME_TYPES)
        # Day and hour of one time tell of the same column, the hour more.
        if place not in best or rank < best[place][0]:
            best[place] = rank, _condition(files, chosen, column, nulls=nulls)
    ranked = sorted(best, key=lambda place: best[place][0])
    least = best[ranked[0]][0][0] if ranked else rows
    return Pruned({place: best[place][1] for place in ranked}, least, frozenset(left_out))


def _chosen(session: SparkSession, files: Files, expression: Any, column: Any, wanted: Sequence[Interval]) -> list[int]:
    """The files between whose ends, as keys, a touched key lies."""
    known = [(file, bounds) for file, bounds in enumerate(files.bounds) if bounds is not None]
    ends = as_keys(session, [bounds for _, bounds in known], expression, column)
    highs = [high for _, high in wanted]
    chosen = []
    for (file, _), (low, high) in zip(known, ends, strict=True):
        position = bisect_left(highs, low)
        if position < len(wanted) and wanted[position][0] <= high:
            chosen.append(file)
    return chosen


def as_keys(session: SparkSession, bounds: Sequence[Interval], expression: Any, column: Any) -> list[Interval]:
    """The key's values at the ends of each file."""
    from pyspark.sql import functions as F

    if not bounds or kind(expression) == "AttributeReference":
        return list(bounds)
    # Values in the text are computed by the optimizer: no job is run for them.
    values = ", ".join(f"({file}, {low}L, {high}L)" for file, (low, high) in enumerate(bounds))
    rows = session.sql(f"SELECT * FROM VALUES {values} AS ends(file, low, high)")  # noqa: S608  whole numbers
    type_name = column.dataType().simpleString()
    typed = rows.select("file", *(column_of(F.col(name), type_name).alias(name) for name in ("low", "high")))
    plan = analyzed(typed)
    file, low, high = (plan.output().apply(position) for position in range(3))
    ends = [named(session, substituted(session, expression, {number(column): end}), name) for end, name in ((low, "low"), (high, "high"))]
    keyed = frame_of(session, projected(session, [file, *ends], plan))
    found = keyed.select("file", ordered(keyed, "low").alias("low"), ordered(keyed, "high").alias("high")).collect()
    return [(whole(row.low), whole(row.high)) for row in sorted(found)]


def _condition(files: Files, chosen: Sequence[int], column: Any, *, nulls: bool) -> Column:
    from pyspark.sql import functions as F

    name, type_name = F.col(f"{TABLE}.`{column.name()}`"), column.dataType().simpleString()
    spans = joined([bounds for file in chosen if (bounds := files.bounds[file]) is not None])
    terms = [name.between(column_of(F.lit(low), type_name), column_of(F.lit(high), type_name)) for low, high in spans]
    return reduce(or_, [*terms, *([name.isNull()] if nulls else [])], F.lit(False))
