"""When a materialized view need not be computed again: a fingerprint of its plan and of the versions of its inputs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.incremental.memory import Reading
from goldlane.pipelines.incremental.reasons import Issue, IssueType, NotIncrementalError
from goldlane.pipelines.incremental.sources import TableVersion, newest, place_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Numbers that Spark and we count up from one query to the next.
_SERIALS = re.compile(
    r"#\d+L?|__goldlane_\d+|(?<=CTERelationDef )\d+|(?<=CTERelationRef )\d+|__dataset_id[^,\]]*|(?<=\], )\d+$", re.MULTILINE
)
# Same plan text, other result: functions of the moment, and code that the plan only names.
_TIMES = ("current_date", "current_timestamp", "localtimestamp", "now")
_MOMENT = re.compile(rf"\b({'|'.join(_TIMES)}|rand|randn|uuid|shuffle|monotonically_increasing_id|pythonudf\w*|scalaudf)\b", re.IGNORECASE)
# A reference to a WITH clause, whose own leaves are looked at where it is defined, is as constant as a literal.
_CONSTANTS = ("OneRowRelation", "Range", "CTERelationRef")


def fingerprint(frame: DataFrame) -> str | None:
    """A text that is equal only when the result must be; None when nobody can promise that."""
    try:
        return reading_of(frame).fingerprint
    except NotIncrementalError:
        return None


def reading_of(frame: DataFrame) -> Reading:
    """The query and the versions it reads.

    Raises:
        NotIncrementalError: equal readings would not promise equal results. Only plans whose leaves are Delta tables at a known
            version do: files come and go, a Python function's body is not in the plan, and ``current_date()`` is another value tomorrow.
    """
    session = frame.sparkSession
    analyzed = frame._jdf.queryExecution().analyzed()  # noqa: SLF001  the plan has no public Python face
    text = _SERIALS.sub("#", analyzed.treeString())
    moment = _MOMENT.search(text)
    if moment or not analyzed.deterministic():
        raise NotIncrementalError(_unsteady(moment.group() if moment else ""))
    leaves = list(_leaves(analyzed))
    tables = {place: newest(session, place) for place in dict.fromkeys(map(place_of, leaves)) if place is not None}
    versions = tuple(_version(leaf, tables) for leaf in leaves)
    return Reading(query=_hash(text), settings=_hash(_settings(session)), versions=versions, tables=tables)


def _unsteady(expression: str) -> Issue:
    subtype = "NON_DETERMINISTIC_EXPRESSION"
    if expression.lower() in _TIMES:
        subtype = "TIME_FUNCTION"
    elif "udf" in expression.lower():
        subtype = "USER_DEFINED_FUNCTION"
    why = f"{expression or 'an expression'} may give another result each time"
    return Issue(type=IssueType.PLAN_NOT_DETERMINISTIC, why=why, expression=expression, subtype=subtype)


def _settings(session: Any) -> str:
    """What was set in this session of Spark's SQL, in few round trips; Delta notes its last commit in a setting of its own."""
    settings = session._jvm.java.util.TreeMap(session._jsparkSession.sessionState().conf().settings())  # noqa: SLF001  conf.getAll is hundreds
    return str(settings.subMap("spark.sql.", "spark.sql/").toString())


def _leaves(plan: Any) -> Iterator[Any]:
    """What a plan reads, subqueries included: to Spark those are expressions, no children."""
    subqueries = plan.subqueriesAll()
    for part in (plan, *(subqueries.apply(index) for index in range(subqueries.size()))):
        leaves = part.collectLeaves()
        yield from (leaves.apply(index) for index in range(leaves.size()))


def _version(leaf: Any, tables: dict[str, TableVersion]) -> str:
    name: str = leaf.getClass().getSimpleName()
    place = place_of(leaf)
    if place is None and name not in _CONSTANTS:
        raise NotIncrementalError(Issue(type=IssueType.INPUT_NOT_IN_DELTA, why="it reads something that is no Delta table", operator=name))
    return name if place is None else str(tables[place])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
