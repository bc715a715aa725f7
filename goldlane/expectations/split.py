"""One frame in two: the rows to keep, and the rows to quarantine with their reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goldlane.expectations.broken import BROKEN_RULES, decoded
from goldlane.expectations.resolve import require_fitting, require_free
from goldlane.expectations.rule import Action, Rule

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

QUARANTINED_AT = "_quarantined_at"


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The two halves; every row of the source is in exactly one of them."""

    kept: DataFrame
    quarantined: DataFrame


def split(df: DataFrame, rules: Sequence[Rule]) -> Split:
    """Rows to keep, and rows to quarantine along with the rules they broke.

    A row is quarantined when it breaks at least one DROP or FAIL rule. ``kept`` has the columns of ``df``; ``quarantined`` has
    them too, untouched, plus ``_broken_rules`` (every broken rule in the rules' order, WARN included: all that is known about the
    row) and ``_quarantined_at`` (when its query or micro-batch started). Batch and stream; nothing runs here.

    The halves are two queries. They are complements only over the same rows at the same instant: where ``df`` is not repeatable,
    or a rule reads ``current_timestamp()``, ``write_split`` computes them once, for both.

    Raises:
        UsageError: ``df`` has ``_broken_rules`` or ``_quarantined_at`` already, or lacks columns that the rules read.
    """
    from pyspark.sql import functions as F

    require_free(df, BROKEN_RULES, QUARANTINED_AT)
    known = require_fitting(df, rules)
    good = F.expr(good_sql(known))
    broken = decoded(df.filter(~good), known, BROKEN_RULES)
    return Split(kept=df.filter(good), quarantined=broken.withColumn(QUARANTINED_AT, F.current_timestamp()))


def good_sql(rules: Sequence[Rule]) -> str:
    """A predicate that is true of rows to keep, never NULL. As text: Spark's parser makes a shallow tree of hundreds of ANDs."""
    return " AND ".join(rule.sql for rule in rules if rule.action is not Action.WARN) or "true"
