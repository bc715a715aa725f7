"""Rules that cannot be, and frames that are extreme: what the caller is told, and that the counts still add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pyspark.sql import Observation

from goldlane.errors import UsageError
from goldlane.expectations import (
    Action,
    Rule,
    RuleError,
    check_table,
    count_broken,
    in_range,
    in_set,
    matches,
    not_null,
    primary_key,
    split,
    unique,
    with_broken_rules,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PAYMENT = "id int, amount double, currency string, paid_on date"


@pytest.mark.parametrize(
    "predicate, told",
    [
        ("amount >> 0 AN currency = 'EUR'", "near 'AN', column 14"),
        ("amount > 0 AND (currency = 'EUR'", "does not parse as one SQL expression"),
        ("amount > 0; DELETE FROM payments", "holds a semicolon; one predicate is one expression"),
        ("amount > (SELECT avg(amount) FROM payments)", "holds a subquery; a rule sees one row and no other table"),
    ],
)
def test_a_predicate_that_is_none_is_told_with_its_place(predicate: str, told: str) -> None:
    with pytest.raises(RuleError) as caught:
        Rule(name="amount_is_fine", predicate=predicate)

    assert told in str(caught.value)
    assert "rule 'amount_is_fine'" in str(caught.value)


def test_patterns_that_java_cannot_read_are_told_before_anything_runs(spark: SparkSession) -> None:
    frame = spark.createDataFrame([("a",)], "code string")
    rules = [
        matches("code", "(a"),
        matches("code", r"\A[a-z]++\z", name="is_fine"),
        Rule(name="raw", predicate="NOT regexp_like(code, r'[')"),
    ]

    with pytest.raises(RuleError, match=r"'code_matches': '\(a' is no regular expression: Unclosed group near.*'raw': '\[' is no regular"):
        count_broken(frame, rules)


def test_a_key_that_cannot_be_compared_is_told_with_the_others(spark: SparkSession) -> None:
    frame = spark.sql(
        "SELECT parse_json('1') AS v, named_struct('inside', array(parse_json('2'))) AS s, named_struct('variant', 1) AS fine"
    )

    with pytest.raises(RuleError, match=r"'v_is_unique': v is variant; no two.*'s_is_the_key': s is struct<.*no two variants are equal$"):
        check_table(frame, [unique("v"), primary_key("s"), unique("fine")])


def test_types_that_do_not_compare_are_told_before_anything_runs(spark: SparkSession) -> None:
    frame = spark.createDataFrame([], PAYMENT)

    with pytest.raises(RuleError) as caught:
        count_broken(frame, [in_range("paid_on", 5), in_set("paid_on", [True]), matches("amount", "^1"), not_null("id")])

    assert [mistake.split(":")[0] for mistake in caught.value.mistakes] == ["rule 'paid_on_is_in_range'", "rule 'paid_on_is_in_set'"]
    assert "DATATYPE_MISMATCH" in caught.value.mistakes[0]


@pytest.mark.parametrize("many", [130, pytest.param(500, marks=pytest.mark.slow)])
def test_hundreds_of_rules_are_counted_named_and_split_by(spark: SparkSession, many: int) -> None:
    frame = spark.createDataFrame([(number, None, None, None) for number in (0, 62, 63, 126, many - 1, 777)], PAYMENT)
    rules = [Rule(name=f"is_not_{number}", predicate=f"id <> {number}", action=Action.DROP) for number in range(many)]

    counts = count_broken(frame, rules)
    halves = split(frame, rules)

    named = [["is_not_0"], ["is_not_62"], ["is_not_63"], ["is_not_126"], [f"is_not_{many - 1}"]]
    assert [name for name, broken in counts.broken.items() if broken] == [name for (name,) in named]
    assert [row["_broken_rules"] for row in halves.quarantined.collect()] == named
    assert [row.id for row in halves.kept.collect()] == [777]


@pytest.mark.parametrize("rows", [0, 3])
def test_an_empty_table_and_one_whose_rows_are_all_broken(spark: SparkSession, rows: int) -> None:
    frame = spark.createDataFrame([(None,) * 4] * rows, PAYMENT)
    rules = [not_null(column, action=Action.FAIL) for column in frame.columns]

    halves = split(frame, rules)

    assert count_broken(frame, rules).broken == {rule.name: rows for rule in rules}
    assert (halves.kept.count(), halves.quarantined.count()) == (0, rows)


def test_a_rule_may_be_named_like_a_column(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(1, -1.0, None, None)], PAYMENT)
    rules = [in_range("amount", 0, name="amount"), in_range("id", 0, name="currency"), not_null("currency", name="id")]

    assert count_broken(frame, rules).broken == {"amount": 1, "currency": 0, "id": 1}
    assert with_broken_rules(frame, rules).collect()[0]["_broken_rules"] == ["amount", "id"]


def test_a_frame_with_the_columns_of_the_masks_keeps_them(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(1, 7)], "__broken_0 int, __BROKEN_1 int")

    judged = with_broken_rules(frame, [not_null("__broken_0")])

    assert judged.collect() == [(1, 7, [])]


def test_a_frame_with_broken_rules_already_takes_another_name(spark: SparkSession) -> None:
    frame = with_broken_rules(spark.createDataFrame([(1, -1.0, None, None)], PAYMENT), [in_range("amount", 0)])

    with pytest.raises(UsageError, match="_broken_rules"):
        with_broken_rules(frame, [not_null("currency")])

    assert with_broken_rules(frame, [not_null("currency")], "also_broken").collect()[0]["also_broken"] == ["currency_is_not_null"]


def test_a_stream_is_counted_by_its_write_and_observed_by_a_name(spark: SparkSession) -> None:
    stream = spark.readStream.format("rate").load()

    with pytest.raises(UsageError, match="observe the write"):
        count_broken(stream, [not_null("value")])
    with pytest.raises(UsageError, match="by a name"):
        with_broken_rules(stream, [not_null("value")], observation=Observation())

    assert with_broken_rules(stream, [not_null("value")], observation="quality").isStreaming
