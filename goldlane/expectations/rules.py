"""The rules of one table, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import overload

from goldlane.expectations.rule import Action, Rule, RuleError


class Rules(Sequence[Rule]):
    """An immutable sequence of rules with unique names; slices and sums are ``Rules`` again.

    Raises:
        RuleError: something is no ``Rule``, or names repeat (case apart); all of it at once.
    """

    __slots__ = ("_rules",)

    def __init__(self, *rules: Rule) -> None:
        mistakes = _mistakes(rules)
        if mistakes:
            raise RuleError("rules", mistakes)
        self._rules = rules

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

    def __add__(self, other: Iterable[Rule]) -> Rules:
        return Rules(*self._rules, *other)

    def __radd__(self, other: Iterable[Rule]) -> Rules:
        return Rules(*other, *self._rules)

    def __eq__(self, other: object) -> bool:
        return self._rules == other._rules if isinstance(other, Rules) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._rules)

    def __repr__(self) -> str:
        return f"Rules({', '.join(map(repr, self._rules))})"


def _mistakes(rules: Sequence[object]) -> list[str]:
    strangers = [f"item {position} is {item!r}, not a Rule" for position, item in enumerate(rules, 1) if not isinstance(item, Rule)]
    # Event logs, Delta and GX compare names without case, sooner or later.
    names = Counter(rule.name.lower() for rule in rules if isinstance(rule, Rule))
    return [*strangers, *(f"{count} rules are named {name!r}; names are unique" for name, count in names.items() if count > 1)]
