"""Rules against the columns of a frame, before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from goldlane.errors import UsageError, first_line
from goldlane.expectations.predicate import regexes
from goldlane.expectations.rule import RuleError
from goldlane.expectations.rules import Rules, as_rules

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, Observation, SparkSession

    from goldlane.expectations.rule import Rule


def require_fitting(df: DataFrame, rules: Iterable[Rule]) -> Rules:
    """The rules about rows among ``rules``; one ``RuleError`` names every column ``df`` lacks and every predicate Spark refuses.

    Spark's analyzer decides, because it knows nested fields, lambda variables and ``_metadata``; parsing names what it missed.
    """
    known = as_rules(rules)
    mistakes = [f"rule {rule.name!r}: {mistake}" for rule in known for mistake in _regex_mistakes(df, rule)]
    if _error(df, known) is not None:
        failures = ((rule, _error(df, [rule])) for rule in known)
        mistakes += [f"rule {rule.name!r}: {_explained(df, rule, error)}" for rule, error in failures if error is not None]
    if mistakes:
        raise RuleError("rules that do not fit the frame", mistakes)
    return known


def require_free(df: DataFrame, *names: str) -> None:
    """Raise ``UsageError`` when ``df`` has one of ``names`` (in any case) already."""
    taken = [column for column in df.columns if column.lower() in {name.lower() for name in names}]
    if taken:
        raise UsageError(
            f"the frame has a column {', '.join(map(repr, taken))} already",
            hint="rename or drop it; this name carries the verdict of the rules",
        )


def require_observable(df: DataFrame, observation: Observation | str | None) -> None:
    """Raise ``UsageError`` when ``df`` is a stream and ``observation`` is no name."""
    if df.isStreaming and observation is not None and not isinstance(observation, str):
        raise UsageError("a stream is observed by a name", hint="pass text, and read it from the query's progress")


def analysis_error(df: DataFrame, verdicts: Sequence[Column]) -> str | None:
    """Why Spark cannot evaluate ``verdicts`` as booleans over ``df``, in one line; None when it can."""
    from pyspark.errors import AnalysisException
    from pyspark.sql import functions as F

    try:
        # Spark Connect analyzes only when the schema is asked for; `when` takes nothing but booleans.
        _ = df.select(*(F.when(verdict, F.lit(1)) for verdict in verdicts)).schema
    except AnalysisException as error:
        return _one_line(error)
    return None


def select_error(df: DataFrame, expression: str) -> str | None:
    """Why Spark cannot select ``expression``, an SQL text, from ``df``, in one line; None when it can."""
    from pyspark.errors import AnalysisException

    try:
        _ = df.selectExpr(expression).schema
    except AnalysisException as error:
        return _one_line(error)
    return None


def _error(df: DataFrame, rules: Sequence[Rule]) -> str | None:
    from pyspark.errors import ParseException
    from pyspark.sql import functions as F

    try:
        return analysis_error(df, [F.expr(rule.sql) for rule in rules])
    except ParseException as error:
        return first_line(error)


def _regex_mistakes(df: DataFrame, rule: Rule) -> list[str]:
    """Spark would tell by a Java stack trace, once a row is asked. Spark Connect has no Java here to ask."""
    patterns = regexes(rule.predicate) if hasattr(df, "_jdf") else ()
    errors = ((pattern, _regex_error(df.sparkSession, pattern)) for pattern in patterns)
    return [f"{pattern!r} is no regular expression: {error}" for pattern, error in errors if error is not None]


def _regex_error(spark: SparkSession, pattern: str) -> str | None:
    from pyspark.errors import IllegalArgumentException

    try:
        spark._jvm.java.util.regex.Pattern.compile(pattern)  # type: ignore[union-attr]  # noqa: SLF001  it has no public Python face
    except IllegalArgumentException as error:
        return first_line(error)
    return None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split(" SQLSTATE:")[0].split())


def _explained(df: DataFrame, rule: Rule, error: str) -> str:
    known = {column.lower() for column in df.columns}
    missing = [column for column in rule.columns if column.lower() not in known]
    if not missing or "UNRESOLVED_COLUMN" not in error:
        return error
    return f"no column {', '.join(map(repr, missing))}; the frame has {', '.join(df.columns)}"
