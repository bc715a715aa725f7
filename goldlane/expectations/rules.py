"""The rules of one table, in order: those about its rows, and beside them those about the whole of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import overload

from goldlane.expectations.rule import Action, Rule, RuleError
from goldlane.expectations.table_rule import TableRule


class TableRules(tuple[TableRule, ...]):
    """The rules about a whole table, in order; ``Rules`` has seen to it that their names are unique."""

    __slots__ = ()

    @property
    def warn(self) -> dict[str, str]:
        """Name -> predicate over a row of ``table_checks``, for ``dlt.expect_all`` on that table."""
        return self._by(Action.WARN)

    @property
    def fail(self) -> dict[str, str]:
        """Name -> predicate over a row of ``table_checks``, for ``dlt.expect_all_or_fail`` on that table."""
        return self._by(Action.FAIL)

    def _by(self, action: Action) -> dict[str, str]:
        return {rule.name: f"`{rule.name}` = 0" for rule in self if rule.action is action}


class Rules(Sequence[Rule]):
    """An immutable sequence of the rules about a row, with unique names; slices and sums are ``Rules`` again.

    Rules about the whole table are given among the others and found in ``table``: what asks rows never meets them. A slice has none.

    Raises:
        RuleError: something is neither ``Rule`` nor ``TableRule``, or names repeat (case apart); all of it at once.
    """

    __slots__ = ("_rules", "_table")

    def __init__(self, *rules: Rule | TableRule) -> None:
        mistakes = _mistakes(rules)
        if mistakes:
            raise RuleError("rules", mistakes)
        self._rules = tuple(rule for rule in rules if isinstance(rule, Rule))
        self._table = TableRules(rule for rule in rules if isinstance(rule, TableRule))

    @property
    def table(self) -> TableRules:
        """The rules about the whole table."""
        return self._table

    @property
    def warn(self) -> dict[str, str]:
        """Name -> two-valued predicate of the rules that only count; straight into ``dlt.expect_all``."""
        return self._by(Action.WARN)

    @property
    def drop(self) -> dict[str, str]:
        """Name -> two-valued predicate of the rules that drop a row; straight into ``dlt.expect_all_or_drop``."""
        return self._by(Action.DROP)

    @property
    def fail(self) -> dict[str, str]:
        """Name -> two-valued predicate of the rules that fail the write; straight into ``dlt.expect_all_or_fail``."""
        return self._by(Action.FAIL)

    def _by(self, action: Action) -> dict[str, str]:
        return {rule.name: rule.sql for rule in self._rules if rule.action is action}

    @overload
    def __getitem__(self, index: int) -> Rule: ...
    @overload
    def __getitem__(self, index: slice) -> Rules: ...
    def __getitem__(self, index: int | slice) -> Rule | Rules:
        return Rules(*self._rules[index]) if isinstance(index, slice) else self._rules[index]

    def __len__(self) -> int:
        return len(self._rules)

    def __add__(self, other: Iterable[Rule | TableRule]) -> Rules:
        return Rules(*_all(self), *_all(other))

    def __radd__(self, other: Iterable[Rule | TableRule]) -> Rules:
        return Rules(*_all(other), *_all(self))

    def __eq__(self, other: object) -> bool:
        return _all(self) == _all(other) if isinstance(other, Rules) else NotImplemented

    def __hash__(self) -> int:
        return hash(_all(self))

    def __repr__(self) -> str:
        return f"Rules({', '.join(map(repr, _all(self)))})"


def as_rules(rules: Iterable[Rule | TableRule]) -> Rules:
    """``rules``, or those of a list: checked in the same way, for counts, reasons and verdicts go by name.

    Raises:
        RuleError: as ``Rules``, or it is one rule alone.
    """
    if isinstance(rules, Rules):
        return rules
    if isinstance(rules, (str, Rule, TableRule)):
        raise RuleError("rules", [f"{rules!r} is no list of rules; write Rules(...)"])
    return Rules(*rules)


def _all(rules: Iterable[Rule | TableRule]) -> tuple[Rule | TableRule, ...]:
    return (*rules, *rules.table) if isinstance(rules, Rules) else tuple(rules)


def _mistakes(rules: Sequence[object]) -> list[str]:
    known = [rule for rule in rules if isinstance(rule, (Rule, TableRule))]
    strangers = [
        f"item {position} is {item!r}, neither a Rule nor a TableRule"
        for position, item in enumerate(rules, 1)
        if not isinstance(item, (Rule, TableRule))
    ]
    # Event logs, Delta and GX compare names without case, sooner or later.
    names = Counter(rule.name.lower() for rule in known)
    return [*strangers, *(f"{count} rules are named {name!r}; names are unique" for name, count in names.items() if count > 1)]
