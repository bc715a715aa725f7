"""What a rule must not hold, asked of Spark's analyzer: it resolves names that no parser can."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from goldlane.expectations.resolve import analysis_error

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_UNKNOWN = re.compile(r"\[UNRESOLVED_COLUMN[^\]]*\].*? with name (`.*?`) cannot be resolved")
_SYNTAX = re.compile(
    r"\[PARSE_\w+\] (?:Syntax error at or near )?(?P<what>.*?)\.(?: SQLSTATE: \w{5})?\s*(?:\(line \d+, pos (?P<column>\d+)\)|$)", re.DOTALL
)

_SUBQUERY = "it holds a subquery, and a rule sees one row and no other table; join in the query"


def predicate_mistake(df: DataFrame, predicate: str | Column) -> str | None:
    """Why Spark cannot ask ``predicate`` of each row of ``df``, in one line; None when it can."""
    from pyspark.errors import AnalysisException
    from pyspark.sql import functions as F

    verdict = F.expr(predicate) if isinstance(predicate, str) else predicate
    try:
        return _beyond_one_row(df, _plan(df, [verdict]))
    except AnalysisException as error:
        return _explained(df, verdict, str(error))


def are_rules(df: DataFrame, verdicts: Sequence[Column]) -> bool:
    """Whether all of ``verdicts`` can be asked of each row: one question to the analyzer, for nearly all rules can."""
    from pyspark.errors import AnalysisException

    try:
        plan = _plan(df, verdicts)
    except AnalysisException:
        return False
    one_row = plan.getClass().getSimpleName() == "Project" and plan.child().fastEquals(_analyzed(df))
    return one_row and plan.subqueries().isEmpty() and not plan.containsPattern(_python_function(df))


def _beyond_one_row(df: DataFrame, plan: Any) -> str | None:
    if plan.getClass().getSimpleName() == "Aggregate" or _has_window(plan.child(), _analyzed(df)):
        return "it holds an aggregate or window function, and a rule sees one row; compute that in the query"
    if not plan.subqueries().isEmpty():
        return _SUBQUERY
    if plan.expressions().apply(0).containsPattern(_python_function(df)):
        return "it calls a Python function, which Databricks refuses in expectations; write it in SQL, or compute a column in the query"
    return None


def _has_window(plan: Any, base: Any) -> bool:
    """Whether the analyzer put a window between the verdict and the frame's own plan."""
    while plan.getClass().getSimpleName() == "Project" and not plan.fastEquals(base):
        plan = plan.child()
    return plan.getClass().getSimpleName() == "Window" and not plan.fastEquals(base)


def _explained(df: DataFrame, verdict: Column, error: str) -> str:
    """What the analyzer says, in the words of somebody who wrote a rule."""
    unknown, syntax = _UNKNOWN.search(error), _SYNTAX.search(error)
    if unknown:
        return _no_column(unknown.group(1).replace("`", ""), df.columns)
    if syntax:
        column = f", column {int(syntax['column']) + 1}" if syntax["column"] else ""
        return f"it does not parse: at {syntax['what']}{column}"
    if "[TABLE_OR_VIEW_NOT_FOUND]" in error:
        return _SUBQUERY
    if "[DATATYPE_MISMATCH" in error and analysis_error(df, [verdict.isNotNull()]) is None:
        return f"it gives {df.select(verdict).schema.fields[0].dataType.simpleString()}, not true or false"
    return " ".join(error.split(" SQLSTATE:", maxsplit=1)[0].split())


def _no_column(name: str, columns: Sequence[str]) -> str:
    known = {column.lower(): column for column in columns}
    close = difflib.get_close_matches(name.split(".", maxsplit=1)[0].lower(), known, n=1)
    return f"there is no column {name!r}; " + (f"did you mean {known[close[0]]!r}?" if close else f"there are {', '.join(columns)}")


def _plan(df: DataFrame, verdicts: Sequence[Column]) -> Any:
    from pyspark.sql import functions as F

    return _analyzed(df.select(*(F.when(verdict, F.lit(1)) for verdict in verdicts)))


def _analyzed(df: DataFrame) -> Any:
    return df._jdf.queryExecution().analyzed()  # noqa: SLF001  the plan has no public Python face


def _python_function(df: DataFrame) -> Any:
    return df.sparkSession._jvm.org.apache.spark.sql.catalyst.trees.TreePattern.PYTHON_UDF()  # type: ignore[union-attr]  # noqa: SLF001  as above
