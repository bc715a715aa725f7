"""By which columns a view can be refreshed: those whose values lead from a changed row of a source to the rows of the view it touches."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.incremental.expressions import UntracedError
from goldlane.pipelines.incremental.plans import Path, each, leaves, plan_of
from goldlane.pipelines.incremental.reach import HERE, Reach
from goldlane.pipelines.incremental.reasons import Issue, IssueType, NotIncrementalError
from goldlane.pipelines.incremental.sources import place_of, require_present
from goldlane.pipelines.incremental.tracing import Trace, Tracer

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Values that Spark cannot compare.
_NO_KEYS = ("map", "variant", "void", "interval")


@dataclass(frozen=True, slots=True)
class Keys:
    """A view's plan, and its key columns as expressions over each of its sources: ``places[path][column]``.

    ``sources`` are the Delta tables by where they stand in the plan. Where windows look around their rows, by the key column ``order``,
    so far does ``reach`` go: rows of the view with one value of it are made of rows of the sources with values around it.
    """

    session: SparkSession
    plan: Any
    columns: tuple[str, ...]
    places: Mapping[Path, Mapping[str, Any]]
    sources: Mapping[Path, str]
    nodes: Mapping[Path, Any]
    order: str | None = None
    reach: Reach = HERE

    @property
    def is_whole(self) -> bool:
        """Whether every row that is read can be told by the whole key, so that nothing but rows of the touched keys comes out."""
        return self.order is None and all(set(self.columns) <= self.places.get(path, {}).keys() for path in self.nodes)


def keys_of(frame: DataFrame, changed: Collection[str], primary_key: Collection[str]) -> Keys:
    """The key by which ``frame`` can follow its ``changed`` tables: the finest there is; part of a primary key where there is one.

    Raises:
        NotIncrementalError: some changed table leads to no column of the view.
    """
    plan = plan_of(frame)
    nodes = dict(leaves(plan))
    sources = {path: place for path, leaf in nodes.items() if (place := place_of(leaf)) is not None}
    _require_followed(plan, nodes, sources, changed)
    found, issues = _traced(frame, plan, primary_key)
    moved = [path for path, place in sources.items() if place in changed]
    leading = [name for name, trace in found.items() if all(path in trace.places for path in moved)]
    if not leading:
        raise NotIncrementalError(*(issues or [_unled(sources, moved, found)]))
    # Of several columns around which rows look, any one will do.
    order = next((name for name in leading if found[name].reach), None)
    columns = tuple(name for name in leading if name == order or not found[name].reach)
    places = {path: {name: found[name].places[path] for name in columns if path in found[name].places} for path in nodes}
    reach = HERE if order is None else found[order].reach
    return Keys(frame.sparkSession, plan, columns, places, sources, nodes, order, reach)


def _require_followed(plan: Any, nodes: Mapping[Path, Any], sources: Mapping[Path, str], changed: Collection[str]) -> None:
    for path in sources:
        require_present(nodes[path])
    for subquery in each(plan.subqueriesAll()):
        read = {place for _, leaf in leaves(subquery) if (place := place_of(leaf)) is not None}
        moved = sorted(place.rpartition("/")[2] for place in read & set(changed))
        if moved:
            why = f"{', '.join(moved)} has changed, and is read in a subquery"
            raise NotIncrementalError(
                Issue(type=IssueType.PLAN_NOT_INCREMENTALIZABLE, why=why, subtype="SUBQUERY_EXPRESSION", table=moved[0])
            )


def _traced(frame: DataFrame, plan: Any, primary_key: Collection[str]) -> tuple[dict[str, Trace], list[Issue]]:
    wanted = {name.lower() for name in primary_key}
    tracer, found, issues = Tracer(frame.sparkSession), {}, {}
    for attribute in each(plan.output()):
        name, type_name = str(attribute.name()), attribute.dataType().simpleString()
        if (wanted and name.lower() not in wanted) or any(mark in type_name for mark in _NO_KEYS):
            continue
        try:
            found[name] = tracer.trace(plan, attribute)
        except UntracedError as end:
            issues[end.operator, end.subtype] = _issue(name, end)
    return found, list(issues.values()) if not found else []


def _issue(column: str, end: UntracedError) -> Issue:
    why = f"column {column} cannot be followed to the sources through {end.operator}" + (f" ({end.expression})" if end.expression else "")
    return Issue(type=IssueType.PLAN_NOT_INCREMENTALIZABLE, why=why, operator=end.operator, expression=end.expression, subtype=end.subtype)


def _unled(sources: Mapping[Path, str], moved: list[Path], found: Mapping[str, Trace]) -> Issue:
    """Which table has changed without telling by any column which rows of the view it touches."""
    blind = [sources[path] for path in moved if not any(path in trace.places for trace in found.values())] or [
        sources[path] for path in moved
    ]
    name = blind[0].rpartition("/")[2]
    why = f"{name} has changed, and no column of the view that could be followed tells which rows that touches"
    return Issue(type=IssueType.DATA_HAS_CHANGED, why=why, table=name)
