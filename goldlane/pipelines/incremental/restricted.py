"""A view's query over nothing but the rows of touched keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, reduce
from operator import and_
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.incremental.keys import Keys
from goldlane.pipelines.incremental.plans import Path, analyzed, each, frame_of, in_place_of, named, projected, rebuilt
from goldlane.pipelines.incremental.pruning import TABLE, Pruned, pruned
from goldlane.pipelines.incremental.sources import TableVersion
from goldlane.pipelines.incremental.touched import Touched

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_KEY = "__goldlane_key_"


@dataclass(frozen=True, slots=True)
class Restricted:
    """The rows of the touched keys; ``rows_read`` of the files that hold them, where that is known of every source."""

    frame: DataFrame
    rows_read: int | None


def restricted(keys: Keys, tables: Mapping[str, TableVersion], touched: Touched) -> Restricted:
    """The rows of the view whose key is among the touched ones, computed from the sources' rows of these keys."""
    session = keys.session
    plans: dict[Path, Callable[[Any], Any]] = {}
    read: list[int | None] = []
    for path, place in keys.sources.items():
        found = pruned(session, tables[place], keys.places[path], touched)
        read.append(found.rows)
        plans[path] = partial(_source, session, tables[place], keys.places[path], touched, found)
    frame = frame_of(session, rebuilt(session, keys.plan, plans))
    if not keys.is_whole:
        frame = of_keys(frame, touched, {name: name for name in keys.columns})
    return Restricted(frame, None if None in read else sum(one or 0 for one in read))


def of_keys(frame: DataFrame, touched: Touched, columns: Mapping[str, str], *, how: str = "leftsemi") -> DataFrame:
    """The rows of ``frame`` whose columns, by the key column they stand for, are among the touched keys; NULL is a key like others.

    ``leftanti`` gives all the other rows.
    """
    from pyspark.sql import functions as F

    wanted = touched.frame.select(*(F.col(f"`{name}`").alias(f"{_KEY}{name}") for name in columns)).distinct()
    same = reduce(and_, (frame[f"`{column}`"].eqNullSafe(F.col(f"`{_KEY}{name}`")) for name, column in columns.items()))
    return frame.join(wanted, same, how)


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
