"""Spark's analyzed plans, read and put together through the JVM: they have no public Python face."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.incremental.reasons import Issue, IssueType, NotIncrementalError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Where a node stands: which child to follow at each step from the top.
Path = tuple[int, ...]
SUBQUERIES = frozenset({"ScalarSubquery", "Exists", "InSubquery", "ListQuery", "LateralSubquery"})


def plan_of(frame: DataFrame) -> Any:
    """The analyzed plan, with each WITH clause written out where it is used."""
    return frame.sparkSession._jvm.org.apache.spark.sql.catalyst.optimizer.InlineCTE(True, False).apply(analyzed(frame))  # type: ignore[union-attr]  # noqa: SLF001  Scala's parameters


def analyzed(frame: DataFrame) -> Any:
    """The analyzed plan as it is."""
    return frame._jdf.queryExecution().analyzed()  # noqa: SLF001  see the module


def frame_of(session: SparkSession, plan: Any) -> DataFrame:
    """A frame of a plan whose columns are resolved."""
    from pyspark.sql import DataFrame

    jvm: Any = session._jvm  # noqa: SLF001  see the module
    return DataFrame(jvm.org.apache.spark.sql.classic.Dataset.ofRows(session._jsparkSession, plan), session)  # noqa: SLF001  see the module


def kind(node: Any) -> str:
    """The name of a node's class."""
    return str(node.getClass().getSimpleName())


def each(sequence: Any) -> list[Any]:
    """The members of a Scala sequence."""
    return [sequence.apply(position) for position in range(sequence.size())]


def sequence_of(session: SparkSession, members: Iterable[Any]) -> Any:
    """A Scala sequence."""
    jvm: Any = session._jvm  # noqa: SLF001  see the module
    listed = jvm.java.util.ArrayList()
    for member in members:
        listed.add(member)
    return jvm.scala.jdk.javaapi.CollectionConverters.asScala(listed).toSeq()


def number(attribute: Any) -> int:
    """What tells an attribute from all others."""
    return int(attribute.exprId().id())


def leaves(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The leaves of a plan; those of subqueries are no children of its."""
    below = each(node.children())
    if not below:
        yield path, node
    for position, child in enumerate(below):
        yield from leaves(child, (*path, position))


def rebuilt(session: SparkSession, node: Any, replace: Mapping[Path, Callable[[Any], Any]], path: Path = ()) -> Any:
    """The plan with some of its nodes replaced."""
    if path in replace:
        return replace[path](node)
    below = [rebuilt(session, child, replace, (*path, position)) for position, child in enumerate(each(node.children()))]
    return node.withNewChildren(sequence_of(session, below)) if below else node


def named(session: SparkSession, expression: Any, name: str, number_of: Any = None) -> Any:
    """``expression AS name``; with the number of another attribute it takes that one's place."""
    jvm: Any = session._jvm  # noqa: SLF001  see the module
    expressions = jvm.org.apache.spark.sql.catalyst.expressions
    given = expressions.NamedExpression.newExprId() if number_of is None else number_of.exprId()
    none, nothing = jvm.scala.Option.empty(), sequence_of(session, ())
    return expressions.Alias(expression, name, given, nothing, none, nothing)


def projected(session: SparkSession, columns: Iterable[Any], node: Any) -> Any:
    """``SELECT columns FROM node``."""
    jvm: Any = session._jvm  # noqa: SLF001  see the module
    return jvm.org.apache.spark.sql.catalyst.plans.logical.Project(sequence_of(session, columns), node)


def in_place_of(leaf: Any, frame: DataFrame) -> Any:
    """A plan of the frame's rows whose columns are those of ``leaf``, so that what stands above it reads them instead.

    Raises:
        NotIncrementalError: the leaf is asked for more than its table's columns, as ``_metadata``.
    """
    session = frame.sparkSession
    given = {column.name(): column for column in each(analyzed(frame).output())}
    wanted = each(leaf.output())
    hidden = [str(column.name()) for column in wanted if column.name() not in given]
    if hidden:
        why = f"{', '.join(hidden)} is no column of the table"
        raise NotIncrementalError(Issue(type=IssueType.PLAN_NOT_INCREMENTALIZABLE, why=why, expression=hidden[0]))
    columns = [named(session, given[old.name()], old.name(), old) for old in wanted]
    return projected(session, columns, analyzed(frame))
