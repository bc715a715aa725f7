"""Which rules a row breaks, and how many rows break each rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goldlane.errors import GoldlaneError, UsageError
from goldlane.expectations.mask import Masks, with_masks
from goldlane.expectations.resolve import require_fitting, require_free, require_observable
from goldlane.expectations.rules import as_rules

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, Observation

    from goldlane.expectations.rule import Rule

BROKEN_RULES = "_broken_rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """All rows that were read, and per rule, in order, how many of them break it."""

    rows: int
    broken: dict[str, int]


def with_broken_rules(
    df: DataFrame, rules: Sequence[Rule], column: str = BROKEN_RULES, *, observation: Observation | str | None = None
) -> DataFrame:
    """Every row of ``df`` plus ``column``: the names of the rules it breaks, in the rules' order; an empty array for a good row.

    Each predicate is evaluated once per row, and names are made for broken rows only. Batch and stream. With an ``observation`` (for a
    stream its name) the write that carries the rows counts them as well: ``observed_counts`` reads it.

    Raises:
        UsageError: ``df`` has ``column`` already, or lacks columns that the rules read, or is a stream and its observation no name.
    """
    require_observable(df, observation)
    require_free(df, column)
    return decoded(df, require_fitting(df, rules), column, observation)


def observed_counts(metrics: Mapping[str, Any], rules: Sequence[Rule]) -> Counts:
    """What ``count_broken`` would say of the rows that were written, given the metrics of the observation.

    Raises:
        GoldlaneError: the metrics are empty, because the write was aborted.
    """
    if "rows" not in metrics:
        raise GoldlaneError("the write left no counts", hint="it was aborted; count_broken(df, rules) counts with a scan of its own")
    return Counts(rows=metrics["rows"], broken={rule.name: metrics[f"broken_{position}"] for position, rule in enumerate(as_rules(rules))})


def count_broken(df: DataFrame, rules: Sequence[Rule]) -> Counts:
    """How many rows of ``df`` break each rule, whatever its action; one scan.

    Raises:
        UsageError: ``df`` is a stream, or lacks columns that the rules read.
    """
    from pyspark.sql import functions as F

    if df.isStreaming:
        raise UsageError("a stream has no end to count to", hint="observe the write: with_broken_rules(..., observation='a name')")
    known = require_fitting(df, rules)
    broken = [F.count(F.when(~F.expr(rule.sql), F.lit(True))) for rule in known]
    rows, *failures = df.agg(F.count(F.lit(1)), *broken).collect()[0]
    return Counts(rows=rows, broken={rule.name: failed for rule, failed in zip(known, failures, strict=True)})


def decoded(df: DataFrame, rules: Sequence[Rule], column: str, observation: Observation | str | None = None) -> DataFrame:
    """``with_broken_rules`` of a frame and rules that are known to fit."""
    from pyspark.sql import functions as F

    marked, masks = with_masks(df, [F.expr(rule.sql) for rule in rules])
    if observation is not None:
        failed = (masks.count_broken([position]).alias(f"broken_{position}") for position in range(len(rules)))
        marked = marked.observe(observation, F.count(F.lit(1)).alias("rows"), *failed)
    return marked.withColumn(column, rule_names(rules, masks)).drop(*masks.names)


def rule_names(rules: Sequence[Rule], masks: Masks) -> Column:
    """The names of the rules that a row with ``masks`` breaks, in their order; none is an empty array, never NULL."""
    from pyspark.sql import functions as F

    nothing = F.array().cast("array<string>")
    names = [F.when(masks.broken(position), F.lit(rule.name)) for position, rule in enumerate(rules)]
    if not names:
        return nothing
    return F.when(masks.any_broken(range(len(rules))), F.array_compact(F.array(*names))).otherwise(nothing)
