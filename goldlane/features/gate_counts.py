"""What the gate found of one rule, about rows or about the table."""

from __future__ import annotations

from dataclasses import dataclass

from goldlane.expectations import Action, Rule, TableRule, TableVerdict
from goldlane.expectations.table_words import words


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCount:
    """How one rule was kept: ``passed`` and ``failed`` rows, or once for a rule about one number. ``told`` says it as a sentence.

    ``predicate`` is what the rule asks, in SQL or in words, and ``why`` its reason.
    """

    name: str
    action: Action
    passed: int
    failed: int
    told: str
    predicate: str = ""
    why: str = ""

    @property
    def stops(self) -> bool:
        """Whether the table may not be published. A row that a DROP rule would have dropped must not be served, either."""
        return self.failed > 0 and self.action is not Action.WARN


def of_rows(rule: Rule, rows: int, failed: int) -> GateCount:
    """The count of a rule about rows."""
    told = f"{rule.name}: {failed:,} of {rows:,} rows break it ({rule.predicate})"
    return _count(rule, rows - failed, failed, told, rule.predicate)


def of_table(verdict: TableVerdict) -> GateCount:
    """The count of a rule about the table."""
    return _count(verdict.rule, verdict.passed, verdict.failed, str(verdict), words(verdict.rule.kind))


def _count(rule: Rule | TableRule, passed: int, failed: int, told: str, predicate: str) -> GateCount:
    return GateCount(name=rule.name, action=rule.action, passed=passed, failed=failed, told=told, predicate=predicate, why=rule.why)
