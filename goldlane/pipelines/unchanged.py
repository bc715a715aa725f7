"""When a materialized view need not be computed again: a fingerprint of its plan and of the versions of its inputs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Numbers that Spark and we count up from one query to the next.
_SERIALS = re.compile(
    r"#\d+L?|__goldlane_\d+|(?<=CTERelationDef )\d+|(?<=CTERelationRef )\d+|__dataset_id[^,\]]*|(?<=\], )\d+$", re.MULTILINE
)
# Same plan text, other result: functions of the moment, and code that the plan only names.
_MOMENT = re.compile(
    r"\b(current_date|current_timestamp|localtimestamp|now|rand|randn|uuid|shuffle|monotonically_increasing_id|pythonudf\w*|scalaudf)\b",
    re.IGNORECASE,
)
# A reference to a WITH clause, whose own leaves are looked at where it is defined, is as constant as a literal.
_CONSTANTS = ("OneRowRelation", "Range", "CTERelationRef")


def fingerprint(frame: DataFrame) -> str | None:
    """A text that is equal only when the result must be; None when nobody can promise that.

    Only plans whose leaves are Delta tables at a known version have one: files come and go, a Python function's body is
    not in the plan, and ``current_date()`` is another value tomorrow.
    """
    session = frame.sparkSession
    analyzed = frame._jdf.queryExecution().analyzed()  # noqa: SLF001  the plan has no public Python face
    text = _SERIALS.sub("#", analyzed.treeString())
    if not analyzed.deterministic() or _MOMENT.search(text):
        return None
    versions = [_version(session, leaf) for leaf in _leaves(analyzed)]
    if None in versions:
        return None
    return hashlib.sha256("\n".join([text, *map(str, versions), _settings(session)]).encode()).hexdigest()


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


def _version(session: Any, leaf: Any) -> str | None:
    name: str = leaf.getClass().getSimpleName()
    if name in _CONSTANTS:
        return name
    # Delta's relation is a nameless subclass of Spark's file relation, made by its log; that of a change feed is another, without a place.
    relation = leaf.relation().getClass().getName() if name == "LogicalRelation" else ""
    if not relation.startswith("org.apache.spark.sql.delta.") or relation.endswith("DeltaCDFRelation"):
        return None
    location = leaf.relation().location()
    log = session._jvm.org.apache.spark.sql.delta.DeltaLog.forTable(session._jsparkSession, location.path().toString())  # noqa: SLF001  Delta's log has no public Python face
    none = session._jvm.scala.Option.empty()  # noqa: SLF001  as above
    snapshot = log.update(False, none, none)
    return f"{location.path()}@{snapshot.version()}/{snapshot.metadata().id()}"
