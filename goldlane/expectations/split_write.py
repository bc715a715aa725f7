"""Both halves of a frame written in one go: good rows to their table, broken ones with their reasons to the quarantine beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goldlane.errors import Mistakes, UsageError
from goldlane.expectations.broken import BROKEN_RULES, Counts, rule_names
from goldlane.expectations.delta_places import append, lacks, sql_name
from goldlane.expectations.mask import Masks, with_masks
from goldlane.expectations.resolve import require_fitting, require_free
from goldlane.expectations.rule import Action, Rule
from goldlane.expectations.split import QUARANTINED_AT

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitCounts(Counts):
    """All rows, per rule how many of them break it, and how many were kept; the others are in quarantine."""

    kept: int

    @property
    def quarantined(self) -> int:
        """How many rows went to the quarantine."""
        return self.rows - self.kept


def write_split(
    df: DataFrame, rules: Sequence[Rule], *, kept: str, quarantined: str, transaction: tuple[str, int] | None = None
) -> SplitCounts:
    """Append the halves of ``split(df, rules)`` to two Delta tables, from one computation of ``df`` and of its verdicts.

    Tables are named by a path (with a slash) or by a name of the catalog, and made when they are not there. With ``transaction``, the
    name of a writer and a number that grows, each table takes a number once: so a stream is split exactly once, whenever it crashes::

        stream.writeStream.foreachBatch(
            lambda batch, number: write_split(batch, RULES, kept="sales", quarantined="sales_quarantine", transaction=("sales", number))
        )

    The rows wait in Spark's cache, in memory or on disk, until both tables have them; filling it also counts them. Serverless compute
    has no cache: write the halves of ``split`` there, one after the other, from rows that are the same each time they are read.

    Raises:
        UsageError: ``df`` is a stream, has ``_broken_rules`` or ``_quarantined_at`` already, or lacks columns that the rules read; both
            tables are one, or one of them lacks a column. Nothing is written then.
    """
    if df.isStreaming:
        raise UsageError("a stream has no halves to write at once", hint="call write_split in foreachBatch, as its help shows")
    require_free(df, BROKEN_RULES, QUARANTINED_AT)
    known = require_fitting(df, rules)
    _require_places(df, kept, quarantined)
    return _write(df, known, (kept, quarantined), transaction)


def _require_places(df: DataFrame, kept: str, quarantined: str) -> None:
    """Both tables take the rows: otherwise the first would have its half when the second refuses."""
    spark = df.sparkSession
    if sql_name(kept) == sql_name(quarantined):
        raise UsageError(f"{kept!r} is to hold both halves", hint="name two tables")
    wanted = {kept: df.columns, quarantined: [*df.columns, BROKEN_RULES, QUARANTINED_AT]}
    mistakes = [f"{place!r} has no column {', '.join(lacking)}" for place in wanted if (lacking := lacks(spark, place, wanted[place]))]
    if mistakes and spark.conf.get("spark.databricks.delta.schema.autoMerge.enabled", "false") != "true":
        raise Mistakes("write_split", mistakes)


def _write(df: DataFrame, rules: Sequence[Rule], places: tuple[str, str], transaction: tuple[str, int] | None) -> SplitCounts:
    from pyspark.sql import functions as F

    kept, quarantined = places
    marked, masks = with_masks(df, [F.expr(rule.sql) for rule in rules])
    acting = [position for position, rule in enumerate(rules) if rule.action is not Action.WARN]
    bad, once = masks.any_broken(acting), marked.persist()
    try:
        counts = _counts(once, rules, masks, acting)
        append(once.filter(~bad).drop(*masks.names), kept, transaction)
        reasons = {BROKEN_RULES: rule_names(rules, masks), QUARANTINED_AT: F.current_timestamp()}
        append(once.filter(bad).withColumns(reasons).drop(*masks.names), quarantined, transaction)
    finally:
        once.unpersist()
    return counts


def _counts(once: DataFrame, rules: Sequence[Rule], masks: Masks, acting: Sequence[int]) -> SplitCounts:
    from pyspark.sql import functions as F

    broken = [masks.count_broken([position]) for position in range(len(rules))]
    rows, bad, *failed = once.agg(F.count(F.lit(1)), masks.count_broken(acting), *broken).collect()[0]
    return SplitCounts(rows=rows, kept=rows - bad, broken={rule.name: count for rule, count in zip(rules, failed, strict=True)})
