"""The usual kinds of rules, as functions that return ordinary rules."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from goldlane.expectations.literal import column_sql, literal_sql, plain_name
from goldlane.expectations.rule import Action, Rule, RuleError


def not_null(column: str, *, name: str | None = None, action: Action = Action.WARN, why: str = "") -> Rule:
    """``column`` has a value. NaN and empty text are values."""
    return Rule(name=name or f"{plain_name(column)}_is_not_null", predicate=f"{column_sql(column)} IS NOT NULL", action=action, why=why)


def in_range(column: str, low: Any = None, high: Any = None, **rule: Any) -> Rule:
    """``low <= column <= high``, both ends included; at least one end. NaN is in no range. ``rule`` takes name, action, why, or_null.

    Spark sorts NaN above every number, so a range without an upper end says that it is not wanted.
    """
    if low is None and high is None:
        raise RuleError(f"in_range({column!r})", ["give low, high or both"])
    tested = column_sql(column)
    bounds = [f"{tested} {sign} {literal_sql(bound)}" for sign, bound in ((">=", low), ("<=", high)) if bound is not None]
    if high is None and isinstance(low, (int, float, Decimal)):
        bounds.append(f"NOT isnan({tested})")
    return _rule(f"{plain_name(column)}_is_in_range", " AND ".join(bounds), rule)


def in_set(column: str, values: Iterable[Any], **rule: Any) -> Rule:
    """``column`` equals one of ``values``; NULL is spelled ``or_null=True``. ``rule`` takes name, action, why, or_null."""
    if isinstance(values, (str, bytes)):
        raise RuleError(f"in_set({column!r})", [f"values is one text, {values!r}; give a list"])
    literals = [literal_sql(value) for value in values]
    if not literals:
        raise RuleError(f"in_set({column!r})", ["values is empty; no row could pass"])
    return _rule(f"{plain_name(column)}_is_in_set", f"{column_sql(column)} IN ({', '.join(literals)})", rule)


def matches(column: str, pattern: str, **rule: Any) -> Rule:
    r"""``column`` has a part that matches the Java regular expression ``pattern``; anchor it with ``\A`` and ``\z`` for the whole text."""
    return _rule(f"{plain_name(column)}_matches", f"{column_sql(column)} RLIKE {literal_sql(pattern)}", rule)


def _rule(name: str, predicate: str, given: dict[str, Any]) -> Rule:
    return Rule(**{"name": name, "predicate": predicate, **{key: value for key, value in given.items() if value is not None}})
