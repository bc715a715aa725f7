"""A view's query over nothing but the rows of touched keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, reduce
from operator import and_
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.incremental.filebounds import ordered
from goldlane.pipelines.incremental.keys import Keys
from goldlane.pipelines.incremental.plans import Path, analyzed, each, frame_of, in_place_of, named, projected, rebuilt
from goldlane.pipelines.incremental.pruning import TABLE, Pruned, pruned
from goldlane.pipelines.incremental.sources import TableVersion
from goldlane.pipelines.incremental.spans import HIGH, LOW, lies_in
from goldlane.pipelines.incremental.touched import Touched

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

_KEY = "__goldlane_key_"


@dataclass(frozen=True, slots=True)
class Restricted:
    """The rows of the touched keys; ``rows_read`` of the files that hold them, where that is known of every source."""

    frame: DataFrame
    rows_read: int | None


def restricted(keys: Keys, tables: Mapping[str, TableVersion], touched: Touched) -> Restricted:
    """The rows of the view whose key is among the touched ones, computed from the sources' rows of the keys that these look at."""
    session, needed = keys.session, touched.within(keys.reach)
    plans: dict[Path, Callable[[Any], Any]] = {}
    read: list[int | None] = []
    for path, place in keys.sources.items():
        found = pruned(session, tables[place], keys.places[path], needed)
        read.append(found.rows)
        plans[path] = partial(_source, session, tables[place], keys.places[path], needed, found)
    frame = frame_of(session, rebuilt(session, keys.plan, plans))
    if not keys.is_whole:
        frame = of_keys(frame, touched, {name: name for name in keys.columns})
    return Restricted(frame, None if None in read else sum(one or 0 for one in read))


def of_keys(frame: DataFrame, touched: Touched, columns: Mapping[str, str], *, how: str = "leftsemi") -> DataFrame:
    """The rows of ``frame`` whose columns, by the key column they stand for, are among the touched keys; NULL is a key like others.

    ``leftanti`` gives all the other rows.
    """
    from pyspark.sql import functions as F

    taken = [name for key in columns for name in ((LOW, HIGH) if key == touched.order else (key,))]
    wanted = touched.frame.select(*(F.col(f"`{name}`").alias(f"{_KEY}{name}") for name in taken))
    # Whole keys are distinct as they are.
    wanted = wanted if len(taken) == len(touched.frame.columns) else wanted.distinct()
    same = reduce(and_, (_is_of(frame, column, None if key == touched.order else key) for key, column in columns.items()))
    return frame.join(wanted, same, how)


def _is_of(frame: DataFrame, column: str, key: str | None) -> Column:
    """Whether a column of ``frame`` has the value of a touched key's; without one, a value in its span."""
    from pyspark.sql import functions as F

    if key is None:
        return lies_in(ordered(frame, column), F.col(f"{_KEY}{LOW}"), F.col(f"{_KEY}{HIGH}"))
    return frame[f"`{column}`"].eqNullSafe(F.col(f"`{_KEY}{key}`"))


def _source(  # noqa: PLR0913  what is known about one source, bound one by one
    session: SparkSession, table: TableVersion, expressions: Mapping[str, Any], touched: Touched, found: Pruned, leaf: Any
) -> Any:
    """The rows of a leaf whose key, or the part of it that is known there, is touched."""
    frame = table.frame(session).alias(TABLE)
    for condition in found.conditions.values():
        frame = frame.where(condition)
    plan = in_place_of(leaf, frame)
    if not expressions:
        return plan
    names = {name: f"{_KEY}of_{name}" for name in expressions}
    columns = [named(session, expression, names[name]) for name, expression in expressions.items()]
    output = each(plan.output())
    wanted = of_keys(frame_of(session, projected(session, [*output, *columns], plan)), touched, names)
    return projected(session, output, analyzed(wanted))
