"""Rows in quarantine, asked again once a rule or the rows themselves were mended: those that pass return, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from goldlane.errors import UsageError
from goldlane.expectations.broken import BROKEN_RULES
from goldlane.expectations.delta_places import append, exists, lacks, rows_of, sql_name
from goldlane.expectations.literal import column_sql
from goldlane.expectations.resolve import require_fitting, select_error
from goldlane.expectations.rule import Rule, RuleError
from goldlane.expectations.rules import as_rules
from goldlane.expectations.split import QUARANTINED_AT, good_sql

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# No rule can be named so: a name has no blanks.
_RETURNING = "returning by replay "
# A quarantine that somebody else fills may hold rows without a reason.
_MARK = f"try_element_at({BROKEN_RULES}, 1)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How many rows returned to the kept table, and how many stay in quarantine."""

    returned: int
    left: int


def replay_quarantine(quarantined: str, rules: Sequence[Rule], *, kept: str, mend: Mapping[str, str] | None = None) -> Replayed:
    """Append the quarantined rows that pass ``rules`` now to ``kept``, and take them out of the quarantine; the others get new reasons.

    ``mend`` changes rows before they are asked: column -> SQL over the quarantined row, such as
    ``{"amount": "try_cast(replace(_raw.amount, ',', '.') AS decimal(18,2))"}``; rows that still break a rule stay mended, and the next
    replay mends them as they are then. ``kept`` gets its own columns of the rows. Tables are named as for ``write_split``, and changed
    through the active session.

    A row returns exactly once, even if a replay is killed and whatever is quarantined meanwhile: it is marked first, in its
    ``_broken_rules``, then appended under a transaction that ``kept`` takes once, and deleted last. The next replay finishes what an
    earlier one began.

    Raises:
        UsageError: there is no such quarantine, a rule or ``mend`` does not fit it, or it lacks a column of ``kept``.
    """
    from pyspark.sql import SparkSession

    spark, known = SparkSession.active(), as_rules(rules)
    columns = _columns(spark, quarantined, known, kept)
    _require_mendable(rows_of(spark, quarantined), mend or {})
    returned = _finish(spark, quarantined, kept, columns)
    name, waiting = sql_name(quarantined), _is_not_returning()
    if mend:
        mended = ", ".join(f"{column_sql(column)} = {expression}" for column, expression in mend.items())
        spark.sql(f"UPDATE {name} SET {mended} WHERE {waiting}")  # noqa: S608  the caller's own table and expressions
    good, reasons = f"({good_sql(known)})", _reasons(known)
    verdict = f"CASE WHEN {good} THEN array('{_RETURNING}{uuid4()}') ELSE {reasons} END"
    changed = f"{waiting} AND ({good} OR NOT {BROKEN_RULES} <=> {reasons})"
    spark.sql(f"UPDATE {name} SET {BROKEN_RULES} = {verdict} WHERE {changed}")  # noqa: S608  as above
    returned += _finish(spark, quarantined, kept, columns)
    return Replayed(returned=returned, left=rows_of(spark, quarantined).count())


def _columns(spark: SparkSession, quarantined: str, rules: Sequence[Rule], kept: str) -> list[str]:
    """The columns that return."""
    if not exists(spark, quarantined):
        raise UsageError(f"there is no quarantine {quarantined!r}", hint="write_split makes it, or a pipeline")
    frame = rows_of(spark, quarantined)
    if BROKEN_RULES not in frame.columns:
        raise UsageError(f"{quarantined!r} is no quarantine: it has no column {BROKEN_RULES}")
    source = frame.drop(BROKEN_RULES, QUARANTINED_AT)
    require_fitting(source, rules)
    columns = rows_of(spark, kept).columns if exists(spark, kept) else source.columns
    missing = lacks(spark, quarantined, columns)
    if missing:
        raise UsageError(f"{quarantined!r} lacks columns of {kept!r}: {', '.join(missing)}", hint="return the rows to a table of its own")
    return columns


def _require_mendable(frame: DataFrame, mend: Mapping[str, str]) -> None:
    """Raise one ``RuleError`` that names every column that cannot be mended, and every expression that Spark refuses."""
    own = [column for column in mend if column.lower() in {BROKEN_RULES, QUARANTINED_AT}]
    mistakes = [f"{column!r} is replay's own" for column in own]
    for column, expression in mend.items():
        errors = (select_error(frame, column_sql(column)), select_error(frame, expression))
        mistakes += [f"{column!r}: {error}" for error in errors if error is not None]
    if mistakes:
        raise RuleError("mend", mistakes)


def _finish(spark: SparkSession, quarantined: str, kept: str, columns: Sequence[str]) -> int:
    """Take every row that is marked as returning to where it goes; how many there were."""
    from pyspark.sql import functions as F

    frame, mark = rows_of(spark, quarantined), F.expr(_MARK)
    marks = frame.where(f"NOT ({_is_not_returning()})").groupBy(mark.alias("mark")).count().orderBy("mark").collect()
    for row in marks:
        rows = rows_of(spark, quarantined).where(mark == row["mark"]).select(*(F.col(f"`{column}`") for column in columns))
        append(rows, kept, (row["mark"], 1))
        spark.sql(f"DELETE FROM {sql_name(quarantined)} WHERE {_MARK} = '{row['mark']}'")  # noqa: S608  our own mark
    return sum(row["count"] for row in marks)


def _is_not_returning() -> str:
    return f"NOT coalesce({_MARK} LIKE '{_RETURNING}%', false)"


def _reasons(rules: Sequence[Rule]) -> str:
    names = ", ".join(f"CASE WHEN NOT {rule.sql} THEN '{rule.name}' END" for rule in rules)
    return f"array_compact(CAST(array({names}) AS array<string>))"
