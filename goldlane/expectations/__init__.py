"""Rules about rows: written once, as data, and enforced, counted and quarantined with one verdict everywhere.

Importing this needs neither Spark nor Java: a server reads an application's rules, too.
"""

from __future__ import annotations

from goldlane.expectations.broken import Counts, count_broken, with_broken_rules
from goldlane.expectations.enforcement import Check, enforce, violation
from goldlane.expectations.kinds import in_range, in_set, matches, not_null
from goldlane.expectations.quality import CheckCount, Quality, count_quality, quality
from goldlane.expectations.rule import Action, Rule, RuleError
from goldlane.expectations.rules import Rules
from goldlane.expectations.split import Split, split

__all__ = [
    "Action",
    "Check",
    "CheckCount",
    "Counts",
    "Quality",
    "Rule",
    "RuleError",
    "Rules",
    "Split",
    "count_broken",
    "count_quality",
    "enforce",
    "in_range",
    "in_set",
    "matches",
    "not_null",
    "quality",
    "split",
    "violation",
    "with_broken_rules",
]
