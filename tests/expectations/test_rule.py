from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from goldlane.errors import UsageError
from goldlane.expectations import Action, Rule, RuleError, Rules, in_range, in_set, matches, not_null, observed_counts, unique
from goldlane.expectations.rules import as_rules


def test_null_breaks_a_rule_unless_its_author_says_otherwise() -> None:
    strict = Rule(name="amount_is_positive", predicate="amount > 0")
    lenient = Rule(name="amount_is_positive", predicate="amount > 0", or_null=True)

    assert strict.sql == "coalesce((amount > 0), false)"
    assert lenient.sql == "coalesce((amount > 0), true)"


def test_an_action_may_be_given_as_text() -> None:
    rule = Rule(name="a", predicate="a > 0", action="drop")  # type: ignore[arg-type]

    assert rule.action is Action.DROP


@pytest.mark.parametrize(
    "predicate",
    [
        "a > 0",
        "is_valid",
        "a.b.c IS NOT NULL",
        "`my column` = 'it\\'s; -- no comment'",
        "_rescued_data IS NULL",
        "DATEDIFF(MINUTE, a, b) < 5",
        "a > current_timestamp() - INTERVAL 1 DAY",
        "CAST(a AS BOOLEAN)",
        "a RLIKE '^x$' OR a LIKE ANY ('x', 'y')",
        "a <=> b",
        "a ILIKE ANY ('x', 'y') AND NOT b LIKE SOME ('z')",
        "mean > 0 AND every",
        "aggregate(xs, 0, (sum, x) -> sum + x) > 5",
        "exists(xs, x -> x > 0)",
        "payload:code::int BETWEEN 1 AND 5",
        "CASE WHEN a THEN b ELSE c END",
        "(a > 0)",
    ],
)
def test_a_boolean_expression_about_one_row_is_a_predicate(predicate: str) -> None:
    assert Rule(name="a", predicate=predicate).predicate == predicate


@pytest.mark.parametrize(
    "predicate, complaint",
    [
        ("", "empty"),
        ("  ", "empty"),
        ("a > ", "does not parse"),
        ("a > 'x", "does not parse"),
        ("a > 0, b > 0", "does not parse"),
        ("a > 0) OR (1 = 1", "does not parse"),
        ("a AS b", "does not parse"),
        ("SELECT 1", "does not parse"),
        ("a > 0; DROP TABLE t", "semicolon"),
        ("a > 0 -- positive", "comment"),
        ("a IN (SELECT b FROM t)", "subquery"),
        ("EXISTS (SELECT 1)", "subquery"),
        ("sum(a) > 0", "aggregate"),
        ("mean (a) > 0", "aggregate"),
        ("every(a)", "aggregate"),
        ("b AND ANY(a)", "aggregate"),
        ("try_sum(a) > 0", "aggregate"),
        ("row_number() OVER (ORDER BY a) = 1", "window"),
        ("explode(xs)", "explode"),
        ("json_tuple(a, 'b') = 'c'", "explode"),
        (":limit > a", "parameter"),
        ("rand() > 0.5", "each time"),
        ("shuffle(xs) = xs", "each time"),
        ("monotonically_increasing_id() > 1", "each time"),
        ("1", "gives INT"),
        ("'yes'", "gives"),
        ("length(a)", "gives INT"),
        ("a + 1", "not true or false"),
        ("(a * 2)", "not true or false"),
        ("NULL", "gives VOID"),
    ],
)
def test_anything_else_is_refused_at_birth(predicate: str, complaint: str) -> None:
    with pytest.raises(RuleError, match=complaint):
        Rule(name="a", predicate=predicate)


@pytest.mark.parametrize("name", ["", "non zero", "1st", "a-b", None])
def test_a_name_is_an_identifier(name: str) -> None:
    with pytest.raises(RuleError, match="identifier"):
        Rule(name=name, predicate="a > 0")


def test_every_mistake_of_a_rule_is_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        Rule(name="", predicate="sum(a) > 0 -- all", action="ignore")  # type: ignore[arg-type]

    assert all(part in str(caught.value) for part in ("identifier", "unknown action 'ignore'", "comment"))


def test_the_columns_of_a_rule_are_the_top_level_ones_without_lambda_variables() -> None:
    rule = Rule(name="a", predicate="`order`.id > 0 AND exists(xs, x -> x > low) AND b:code = 1 AND b IS NOT NULL")

    assert rule.columns == ("order", "xs", "low", "b")


def test_rules_are_grouped_by_action_for_dlt() -> None:
    rules = Rules(Rule(name="a", predicate="a > 0"), Rule(name="b", predicate="b", action=Action.DROP), not_null("c", action=Action.FAIL))

    assert rules.warn == {"a": "coalesce((a > 0), false)"}
    assert rules.drop == {"b": "coalesce((b), false)"}
    assert rules.fail == {"c_is_not_null": "coalesce((c IS NOT NULL), false)"}


def test_slices_and_sums_of_rules_are_rules() -> None:
    a, b, c = (Rule(name=name, predicate=name) for name in "abc")

    assert Rules(a, b, c)[1:] == Rules(b, c)
    assert Rules(a) + Rules(b) + [c] == Rules(a, b, c)
    assert Rules(a, b)[0] is a


def test_rules_name_every_repetition_and_every_stranger_at_once() -> None:
    with pytest.raises(RuleError) as caught:
        Rules(not_null("a"), not_null("a"), not_null("b"), not_null("b", name="B_is_not_null"), "c > 0")  # type: ignore[arg-type]

    assert all(part in str(caught.value) for part in ("'a_is_not_null'", "'b_is_not_null'", "item 5"))


@pytest.mark.parametrize(
    "rule, predicate",
    [
        (not_null("a"), "a IS NOT NULL"),
        (not_null("order.my id"), "order.`my id` IS NOT NULL"),
        (not_null("`a.b`.c"), "`a.b`.c IS NOT NULL"),
        (not_null("date"), "`date` IS NOT NULL"),
        (in_range("a", 0, 9), "a >= 0 AND a <= 9"),
        (in_range("a", 0), "a >= 0 AND NOT isnan(a)"),
        (in_range("a", high=Decimal("1E+3")), "a <= 1000"),
        (in_range("a", date(2026, 1, 31)), "a >= DATE'2026-01-31'"),
        (in_range("a", datetime(2026, 1, 31, 5, tzinfo=timezone.utc)), "a >= TIMESTAMP'2026-01-31 05:00:00Z'"),
        (in_range("a", datetime(2026, 1, 31, 5, tzinfo=timezone(timedelta(hours=7)))), "a >= TIMESTAMP'2026-01-30 22:00:00Z'"),
        (in_range("a", datetime(2026, 1, 31, 5)), "a >= TIMESTAMP_NTZ'2026-01-31 05:00:00'"),  # noqa: DTZ001
        (in_range("a", high=float("inf")), "a <= CAST('Infinity' AS DOUBLE)"),
        (in_set("a", ["it's", "\\"]), r"a IN ('it\'s', '\\')"),
        (in_set("a", [True]), "a IN (true)"),
        (in_set("a", {"b", "a", "c"}), "a IN ('a', 'b', 'c')"),
        (in_set("a", (1, 2.5, 1)), "a IN (1, 2.5)"),
        (in_range("a", False), "a >= false"),
        (in_range("a", -1.5), "a >= -1.5 AND NOT isnan(a)"),
        (in_range("a", Decimal("0.10"), Decimal("-0E-3") + 1), "a >= 0.10 AND a <= 1.000"),
        (in_range("a", "", "m"), "a >= '' AND a <= 'm'"),
        (matches("a", r"^\d+$"), r"a RLIKE '^\\d+$'"),
    ],
)
def test_a_helper_returns_an_ordinary_rule(rule: Rule, predicate: str) -> None:
    assert rule.predicate == predicate


def test_a_helper_takes_what_a_rule_takes() -> None:
    rule = in_set("a", [1], name="a_is_one", action=Action.DROP, why="only one", or_null=True)

    assert rule == Rule(name="a_is_one", predicate="a IN (1)", action=Action.DROP, why="only one", or_null=True)


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: in_range("a"),
        lambda: in_range("a", float("nan")),
        lambda: in_range("a", Decimal("NaN"), 1),
        lambda: in_range("a", 0, float("nan")),
        lambda: in_range("a", 2, 1),
        lambda: in_range("a", date(2026, 1, 31), datetime(2026, 1, 31, tzinfo=timezone.utc)),
        lambda: in_range("a", 1, "2"),
        lambda: in_set("a", ["1", 2]),
        lambda: in_set("a", [True, 1]),
        lambda: matches("a", 1),  # type: ignore[arg-type]
        lambda: in_set("a", []),
        lambda: in_set("a", "abc"),
        lambda: in_set("a", [None]),
        lambda: in_set("a", [object()]),
        lambda: not_null(""),
        lambda: not_null("a..b"),
        lambda: not_null("`a"),
    ],
)
def test_a_helper_refuses_what_no_row_could_satisfy(mistake: object) -> None:
    with pytest.raises(RuleError):
        mistake()  # type: ignore[operator]


def test_rules_are_read_without_spark() -> None:
    program = "import sys, goldlane.expectations as e; e.Rules(e.not_null('a')); sys.exit('pyspark' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    "given,complaint",
    [
        ([not_null("a"), not_null("a")], "2 rules are named 'a_is_not_null'"),
        ([not_null("a"), "b > 0"], "item 2 is 'b > 0', neither a Rule nor a TableRule"),
        (not_null("a"), "is no list of rules"),
        ("a > 0", "'a > 0' is no list of rules"),
    ],
)
def test_a_list_of_rules_is_held_to_what_rules_are(given: Any, complaint: str) -> None:
    asked: tuple[Callable[[], object], ...] = (
        lambda: as_rules(given),
        lambda: observed_counts({"rows": 1, "broken_0": 1, "broken_1": 0}, given),
    )
    for ask in asked:
        with pytest.raises(RuleError, match=re.escape(complaint)):
            ask()


def test_a_list_may_hold_rules_about_the_table_beside_those_about_rows() -> None:
    assert as_rules([not_null("a"), unique("a")]) == Rules(not_null("a"), unique("a"))
