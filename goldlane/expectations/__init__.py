"""Rules about rows and about whole tables: written once, as data, and enforced, counted and quarantined with one verdict everywhere.

Importing this needs neither Spark nor Java: a server reads an application's rules, too.
"""

from __future__ import annotations

from goldlane.expectations.broken import Counts, count_broken, observed_counts, with_broken_rules
from goldlane.expectations.enforcement import Check, enforce, violation
from goldlane.expectations.gx import gx_failures, to_gx_suite
from goldlane.expectations.gx_import import FromGx, Untranslated, from_gx_suite
from goldlane.expectations.kinds import in_range, in_set, matches, not_null
from goldlane.expectations.quality import CheckCount, Quality, count_quality, quality
from goldlane.expectations.quarantine_reasons import quarantine_reasons
from goldlane.expectations.replay import Replayed, replay_quarantine
from goldlane.expectations.rule import Action, Rule, RuleError
from goldlane.expectations.rules import Rules, TableRules
from goldlane.expectations.split import Split, split
from goldlane.expectations.split_write import SplitCounts, write_split
from goldlane.expectations.suggesting import suggest_rules
from goldlane.expectations.table_check import check_table, table_checks
from goldlane.expectations.table_kinds import foreign_key, fresh_within, primary_key, row_count_between, sum_between, unique
from goldlane.expectations.table_rule import TableRule
from goldlane.expectations.table_verdict import TableVerdict

__all__ = [
    "Action",
    "Check",
    "CheckCount",
    "Counts",
    "FromGx",
    "Quality",
    "Replayed",
    "Rule",
    "RuleError",
    "Rules",
    "Split",
    "SplitCounts",
    "TableRule",
    "TableRules",
    "TableVerdict",
    "Untranslated",
    "check_table",
    "count_broken",
    "count_quality",
    "enforce",
    "foreign_key",
    "fresh_within",
    "from_gx_suite",
    "gx_failures",
    "in_range",
    "in_set",
    "matches",
    "not_null",
    "observed_counts",
    "primary_key",
    "quality",
    "quarantine_reasons",
    "replay_quarantine",
    "row_count_between",
    "split",
    "suggest_rules",
    "sum_between",
    "table_checks",
    "to_gx_suite",
    "unique",
    "violation",
    "with_broken_rules",
    "write_split",
]
