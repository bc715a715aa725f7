"""Why rows are in quarantine: how often each rule was broken, and what it was there for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from goldlane.expectations.broken import BROKEN_RULES
from goldlane.expectations.rule import Rule
from goldlane.expectations.rules import as_rules

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_COLUMNS = "rule string, action string, why string"


def quarantine_reasons(quarantined: DataFrame, rules: Sequence[Rule]) -> DataFrame:
    """One row per rule that some row of a quarantine table broke, the most frequent first: ``rule``, ``rows``, ``action``, ``why``.

    A row that broke several rules is counted for each. A rule that is declared no more has neither action nor reason.
    """
    from pyspark.sql import functions as F

    declared = quarantined.sparkSession.createDataFrame([(rule.name, str(rule.action), rule.why) for rule in as_rules(rules)], _COLUMNS)
    broken = quarantined.select(F.explode(BROKEN_RULES).alias("rule")).groupBy("rule").agg(F.count(F.lit(1)).alias("rows"))
    return broken.join(declared, on="rule", how="left").orderBy(F.desc("rows"), "rule")
