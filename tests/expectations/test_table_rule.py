from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from goldlane.expectations import (
    Action,
    Rule,
    RuleError,
    Rules,
    TableRule,
    foreign_key,
    fresh_within,
    not_null,
    primary_key,
    row_count_between,
    sum_between,
    unique,
)
from goldlane.expectations.table_words import words


@pytest.mark.parametrize(
    "rule, name",
    [
        (unique("id", "at"), "id_and_at_is_unique"),
        (primary_key("id"), "id_is_the_key"),
        (foreign_key("merchant_id", "silver.merchants"), "merchant_id_is_in_silver_merchants"),
        (fresh_within("as_of", timedelta(hours=1)), "as_of_is_fresh"),
        (row_count_between(1), "row_count_is_in_range"),
        (sum_between("amount", high=Decimal("9.5")), "sum_of_amount_is_in_range"),
        (unique("my col", name="given"), "given"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_table_rule_is_named_after_its_kind_and_fails_unless_said_otherwise(rule: TableRule, name: str) -> None:
    assert (rule.name, rule.action) == (name, Action.FAIL)


@pytest.mark.parametrize(
    "make, mistake",
    [
        (lambda: unique("a", action=Action.DROP), "a table has no row to drop"),
        (lambda: unique("a", action="explode"), "unknown action 'explode'"),
        (lambda: unique("a", name="two words"), "must be an identifier"),
        (unique, "name at least one column"),
        (lambda: unique("a", "a"), "'a' is named twice"),
        (lambda: unique("a.b"), "'a.b' is no column"),
        (lambda: foreign_key("a", ""), "must be the name of a table"),
        (lambda: foreign_key(["a", "b"], "t", "a"), "2 columns cannot refer to 1"),
        (lambda: fresh_within("at", timedelta(0)), "longer than 0"),
        (row_count_between, "give low, high or both"),
        (lambda: row_count_between(low=1.5), "1.5 is no whole number"),  # type: ignore[arg-type]  # the mistake
        (lambda: sum_between("a", low=2, high=1), "low 2 is above high 1"),
        (lambda: sum_between("a", low=math.nan), "nan is no number"),
        (lambda: TableRule(name="r", kind="unique"), "unknown kind 'unique'; it is one of Unique"),  # type: ignore[arg-type]  # the mistake
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_table_rule_is_checked_at_birth(make: Callable[[], TableRule], mistake: str) -> None:
    with pytest.raises(RuleError) as caught:
        make()

    assert mistake in str(caught.value)


def test_all_mistakes_of_a_table_rule_are_told_at_once() -> None:
    with pytest.raises(RuleError) as caught:
        foreign_key(["a", "a"], "", "b.c", name="?", action="drop")

    assert len(caught.value.mistakes) == 6


def test_rules_keep_those_about_the_table_apart() -> None:
    rules = Rules(not_null("id"), unique("id"), Rule(name="b", predicate="b > 0"), row_count_between(1, action=Action.WARN))

    assert [rule.name for rule in rules] == ["id_is_not_null", "b"]
    assert rules.table.fail == {"id_is_unique": "`id_is_unique` = 0"}
    assert rules.table.warn == {"row_count_is_in_range": "`row_count_is_in_range` = 0"}
    assert rules == rules[:] + rules.table
    assert list((rules + Rules(sum_between("b", 0))).table)[2].name == "sum_of_b_is_in_range"


def test_a_row_rule_and_a_table_rule_cannot_share_a_name() -> None:
    with pytest.raises(RuleError, match="2 rules are named 'id_is_unique'"):
        Rules(unique("id"), Rule(name="ID_is_unique", predicate="id > 0"))


@pytest.mark.parametrize(
    "rule,told",
    [
        (unique("a"), "a is unique"),
        (primary_key("a", "b"), "a and b are unique and never NULL"),
        (foreign_key("a", "codes", "code"), "a is found in codes (code)"),
        (fresh_within("at", timedelta(days=1)), "the newest at is at most 1 day, 0:00:00 old"),
        (row_count_between(1), "the number of rows is at least 1"),
        (sum_between("a", high=9), "the sum of a is at most 9"),
        (sum_between("a", 1, 9), "the sum of a is 1 to 9"),
    ],
)
def test_a_table_rule_says_in_words_what_it_asks(rule: TableRule, told: str) -> None:
    assert words(rule.kind) == told
