"""What the gate found of one rule, about rows or about the table."""

from __future__ import annotations

from dataclasses import dataclass

from goldlane.expectations import Action, Rule, TableVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCount:
    """How one rule was kept: ``passed`` and ``failed`` rows, or once for a rule about one number. ``told`` says it as a sentence."""

    name: str
    action: Action
    passed: int
    failed: int
    told: str

    @property
    def stops(self) -> bool:
        """Whether the table may not be published. A row that a DROP rule would have dropped must not be served, either."""
        return self.failed > 0 and self.action is not Action.WARN


def of_rows(rule: Rule, rows: int, failed: int) -> GateCount:
    """The count of a rule about rows."""
    told = f"{rule.name}: {failed:,} of {rows:,} rows break it ({rule.predicate})"
    return GateCount(name=rule.name, action=rule.action, passed=rows - failed, failed=failed, told=told)


def of_table(verdict: TableVerdict) -> GateCount:
    """The count of a rule about the table."""
    rule = verdict.rule
    return GateCount(name=rule.name, action=rule.action, passed=verdict.passed, failed=verdict.failed, told=str(verdict))
