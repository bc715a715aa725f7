"""Follows an output column of a plan down to its sources.

A column that can be followed parts the query: rows of the result with one value of it are made of rows of a source with one value of
the expression that is found there, and of no others; or, where windows look around their rows, of values within reach of it. Sources that
are missing in the answer are not parted by it: all of their rows may matter to each value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.incremental.expressions import UntracedError, conjuncts, defined, is_function_of, substituted
from goldlane.pipelines.incremental.frames import reach_of
from goldlane.pipelines.incremental.plans import Path, each, kind, number
from goldlane.pipelines.incremental.reach import HERE, Reach

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# They keep rows as they are, or leave some out for what stands in the row itself.
_PASSING = frozenset(
    {
        "CollectMetrics",
        "Distinct",
        "EventTimeWatermark",
        "Filter",
        "RebalancePartitions",
        "Repartition",
        "RepartitionByExpression",
        "ResolvedHint",
        "Sort",
        "SubqueryAlias",
        "View",
    }
)
_CONSTANT = frozenset({"LocalRelation", "OneRowRelation", "Range"})
_KEEPS_LEFT = frozenset({"Inner", "Cross", "LeftOuter", "LeftSemi", "LeftAnti"})
_KEEPS_RIGHT = frozenset({"Inner", "Cross", "RightOuter"})
_INEXACT = frozenset({"float", "double"})


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a column leads: the expression over each source, by its place in the plan, and how far around it rows of sources matter."""

    places: Mapping[Path, Any]
    reach: Reach = HERE

    def __or__(self, other: Trace) -> Trace:
        return Trace({**self.places, **other.places}, self.reach | other.reach)


class Tracer:
    """Follows columns down one plan."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self._steps: dict[str, Callable[[Any, Any, Path], Trace]] = {
            "Aggregate": self._aggregate,
            "Deduplicate": self._deduplicate,
            "Except": self._by_position,
            "Generate": self._generate,
            "Intersect": self._by_position,
            "Join": self._join,
            "Project": self._project,
            "Union": self._by_position,
            "Window": self._window,
        }

    def trace(self, node: Any, expression: Any, path: Path = ()) -> Trace:
        """The expression over each source that ``expression``, over the node's columns, comes from.

        Raises:
            UntracedError: some operator mixes rows of several values of it.
        """
        name = kind(node)
        if name == "LogicalRelation":
            return Trace({path: expression})
        if name in _CONSTANT:
            return Trace({})
        if name in _PASSING:
            return self.trace(each(node.children())[0], expression, (*path, 0))
        if name not in self._steps:
            raise UntracedError(name)
        return self._steps[name](node, expression, path)

    def _project(self, node: Any, expression: Any, path: Path) -> Trace:
        return self.trace(node.child(), defined(self._session, expression, node.projectList()), (*path, 0))

    def _aggregate(self, node: Any, expression: Any, path: Path) -> Trace:
        below = defined(self._session, expression, node.aggregateExpressions())
        if not is_function_of(below, each(node.groupingExpressions())):
            raise UntracedError("Aggregate", str(expression.sql()), "AGGREGATE_NOT_TOP_NODE")
        return self.trace(node.child(), below, (*path, 0))

    def _window(self, node: Any, expression: Any, path: Path) -> Trace:
        partition = each(node.partitionSpec())
        if partition and is_function_of(expression, partition):
            return self.trace(node.child(), expression, (*path, 0))
        reach = reach_of(self._session, node, expression)
        if reach is None:
            subtype = "WINDOW_FUNCTION_NOT_TOP_LEVEL" if partition else "WINDOW_FUNCTION_WITHOUT_PARTITION_BY"
            raise UntracedError("Window", str(expression.sql()), subtype)
        below = self.trace(node.child(), expression, (*path, 0))
        return Trace(below.places, below.reach + reach)

    def _deduplicate(self, node: Any, expression: Any, path: Path) -> Trace:
        if not is_function_of(expression, each(node.keys())):
            raise UntracedError("Deduplicate", str(expression.sql()))
        return self.trace(node.child(), expression, (*path, 0))

    def _generate(self, node: Any, expression: Any, path: Path) -> Trace:
        if not expression.references().subsetOf(node.child().outputSet()):
            raise UntracedError("Generate", str(expression.sql()))
        return self.trace(node.child(), expression, (*path, 0))

    def _by_position(self, node: Any, expression: Any, path: Path) -> Trace:
        numbers = [number(column) for column in each(node.output())]
        found = Trace({})
        for position, child in enumerate(each(node.children())):
            values = dict(zip(numbers, each(child.output()), strict=True))
            found |= self.trace(child, substituted(self._session, expression, values), (*path, position))
        return found

    def _join(self, node: Any, expression: Any, path: Path) -> Trace:
        how, pairs = str(node.joinType().toString()), _equal_pairs(node)
        left, right = node.left(), node.right()
        if how == "FullOuter":
            return self._full_outer(node, expression, pairs, path)
        if how in _KEEPS_LEFT and expression.references().subsetOf(left.outputSet()):
            mine, other = (0, left), (1, right)
        elif how in _KEEPS_RIGHT and expression.references().subsetOf(right.outputSet()):
            mine, other, pairs = (1, right), (0, left), [(theirs, ours) for ours, theirs in pairs]
        else:
            raise UntracedError(f"Join {how}", str(expression.sql()))
        beyond = self._beyond(expression, pairs)
        found = self.trace(mine[1], expression, (*path, mine[0]))
        return found if beyond is None else found | self.trace(other[1], beyond, (*path, other[0]))

    def _full_outer(self, node: Any, expression: Any, pairs: list[tuple[Any, Any]], path: Path) -> Trace:
        """The one key of USING is what either side says."""
        given = each(expression.children()) if kind(expression) == "Coalesce" else []
        for left, right in pairs:
            if len(given) == 2 and given[0].semanticEquals(left) and given[1].semanticEquals(right):  # noqa: PLR2004  two sides
                return self.trace(node.left(), left, (*path, 0)) | self.trace(node.right(), right, (*path, 1))
        raise UntracedError("Join FullOuter", str(expression.sql()))

    def _beyond(self, expression: Any, pairs: list[tuple[Any, Any]]) -> Any:
        """What the other side of a join must be equal to; None when the join does not say."""
        for mine, theirs in pairs:
            if mine.semanticEquals(expression):
                return theirs
        known = {number(mine): theirs for mine, theirs in pairs if kind(mine) == "AttributeReference"}
        try:
            return substituted(self._session, expression, known)
        except UntracedError:
            return None


def _equal_pairs(node: Any) -> list[tuple[Any, Any]]:
    """(left, right) expressions that a join's condition says are equal; 0.0 equals -0.0, but is not the same to every function."""
    condition = node.condition()
    terms = [] if condition.isEmpty() else [one for one in conjuncts(condition.get()) if kind(one) in {"EqualTo", "EqualNullSafe"}]
    found = []
    for term in terms:
        a, b = term.left(), term.right()
        if a.dataType().simpleString() in _INEXACT:
            continue
        if a.references().subsetOf(node.left().outputSet()) and b.references().subsetOf(node.right().outputSet()):
            found.append((a, b))
        elif b.references().subsetOf(node.left().outputSet()) and a.references().subsetOf(node.right().outputSet()):
            found.append((b, a))
    return found
