"""The usual kinds of rules, as functions that return ordinary rules."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
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
    tested = column_sql(column)
    bounds = [f"{tested} {sign} {literal_sql(bound)}" for sign, bound in ((">=", low), ("<=", high)) if bound is not None]
    mistakes = _range_mistakes(low, high)
    if mistakes:
        raise RuleError(f"in_range({column!r}, {low!r}, {high!r})", mistakes)
    if high is None and _kind(low) == "number":
        bounds.append(f"NOT isnan({tested})")
    return _rule(f"{plain_name(column)}_is_in_range", " AND ".join(bounds), rule)


def in_set(column: str, values: Iterable[Any], **rule: Any) -> Rule:
    """``column`` equals one of ``values``; NULL is spelled ``or_null=True``. ``rule`` takes name, action, why, or_null."""
    if isinstance(values, (str, bytes)):
        raise RuleError(f"in_set({column!r})", [f"values is one text, {values!r}; give a list"])
    wanted = list(values)
    literals = list(dict.fromkeys(map(literal_sql, wanted)))
    kinds = sorted({_kind(value) for value in wanted})
    if len(kinds) != 1:
        raise RuleError(f"in_set({column!r})", [f"values are {' and '.join(kinds)}" if kinds else "values is empty; no row could pass"])
    # The order of a set of texts is another one in each process, and a rule is one text.
    members = sorted(literals) if isinstance(values, AbstractSet) else literals
    return _rule(f"{plain_name(column)}_is_in_set", f"{column_sql(column)} IN ({', '.join(members)})", rule)


def matches(column: str, pattern: str, **rule: Any) -> Rule:
    r"""``column`` has a part that matches the Java regular expression ``pattern``; anchor it with ``\A`` and ``\z`` for the whole text."""
    if not isinstance(pattern, str):
        raise RuleError(f"matches({column!r})", [f"the pattern {pattern!r} is not text"])
    return _rule(f"{plain_name(column)}_matches", f"{column_sql(column)} RLIKE {literal_sql(pattern)}", rule)


def _range_mistakes(low: Any, high: Any) -> list[str]:
    if low is None and high is None:
        return ["give low, high or both"]
    if low is None or high is None:
        return []
    try:
        return ["low is above high; no row could pass"] if low > high else []
    except TypeError:
        return ["low and high cannot be compared with each other"]


def _kind(value: object) -> str:
    """What Spark compares ``value`` with; bool before int, of which Python makes it one."""
    kinds: tuple[tuple[str, type | tuple[type, ...]], ...] = (("bool", bool), ("number", (int, float, Decimal)), ("text", str))
    return next((name for name, types in kinds if isinstance(value, types)), "time")


def _rule(name: str, predicate: str, given: dict[str, Any]) -> Rule:
    return Rule(**{"name": name, "predicate": predicate, **{key: value for key, value in given.items() if value is not None}})
