from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.errors import UsageError
from goldlane.expectations import (
    Action,
    RuleError,
    Rules,
    check_table,
    foreign_key,
    fresh_within,
    not_null,
    primary_key,
    row_count_between,
    sum_between,
    table_checks,
    unique,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=timezone.utc)
SALES = "id int, shop string, at timestamp, day date, noted timestamp_ntz, amount decimal(9,2), rate double"
RULES = Rules(
    unique("id"),
    primary_key("id", "shop", action=Action.WARN),
    foreign_key("shop", "shops"),
    foreign_key(["id", "shop"], "shops", ["number", "shop"], name="pair_is_known"),
    fresh_within("at", timedelta(hours=1)),
    fresh_within("day", timedelta(hours=12)),
    fresh_within("noted", timedelta(hours=1)),
    row_count_between(5, 5),
    sum_between("amount", 10, 10.3),
    sum_between("rate", high=1e9),
    sum_between("id", 5, 5),
    not_null("id"),
)


def at(hour: int) -> datetime:
    return datetime(2026, 1, 31, hour, tzinfo=timezone.utc)


def sale(number: int | None, shop: str | None, hour: int, amount: str | None, rate: float | None = 0.5) -> tuple[Any, ...]:
    return (number, shop, at(hour), at(hour).date(), at(hour).replace(tzinfo=None), amount and Decimal(amount), rate)


@pytest.fixture(scope="module")
def shops(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame([("a", 1), ("a", 2), (None, 3)], "shop string, number bigint")


def test_every_kind_counts_what_breaks_it(spark: SparkSession, shops: DataFrame) -> None:
    rows = [sale(1, "a", 10, "5.10"), sale(1, "a", 11, None), sale(1, "b", 9, "5.20", math.nan), sale(None, "a", 8, None)]
    sales = spark.createDataFrame([*rows, sale(2, None, 8, None, None)], SALES)

    verdicts = check_table(sales, RULES, tables={"shops": shops}, now=NOW)

    assert {verdict.rule.name: (verdict.passed, verdict.failed, verdict.observed) for verdict in verdicts[4:]} == {
        "at_is_fresh": (1, 0, at(11)),
        "day_is_fresh": (1, 0, at(0)),
        "noted_is_fresh": (1, 0, at(11)),
        "row_count_is_in_range": (1, 0, 5),
        "sum_of_amount_is_in_range": (1, 0, Decimal("10.30")),
        "sum_of_rate_is_in_range": (0, 1, pytest.approx(math.nan, nan_ok=True)),
        "sum_of_id_is_in_range": (1, 0, 5),
    }
    assert {verdict.rule.name: (verdict.passed, verdict.failed, verdict.examples) for verdict in verdicts[:4]} == {
        "id_is_unique": (2, 3, ({"id": 1},)),
        "id_and_shop_is_the_key": (1, 4, ({"id": None, "shop": "a"}, {"id": 1, "shop": "a"}, {"id": 2, "shop": None})),
        "shop_is_in_shops": (4, 1, ({"shop": "b"},)),
        "pair_is_known": (4, 1, ({"id": 1, "shop": "b"},)),
    }


def test_an_empty_table_has_no_broken_key_and_nothing_fresh(spark: SparkSession, shops: DataFrame) -> None:
    verdicts = check_table(spark.createDataFrame([], SALES), RULES, tables={"shops": shops}, now=NOW)

    assert [verdict.holds for verdict in verdicts] == [True] * 4 + [False] * 7
    assert {verdict.observed for verdict in verdicts[4:]} == {None, 0}


def test_the_checks_of_a_table_are_one_row_of_what_is_broken(spark: SparkSession, shops: DataFrame) -> None:
    rows = [sale(1, "a", 10, "5.10"), sale(1, "b", 10, "5.21", math.nan)]
    rules = Rules(*RULES.table[:4], *RULES.table[7:], fresh_within("at", timedelta(days=36_500)), fresh_within("day", timedelta(hours=1)))
    sales = spark.createDataFrame(rows, SALES)

    checks = table_checks(sales, rules, tables={"shops": shops})

    found = {name: failed for name, failed in checks.collect()[0].asDict().items() if failed}
    expected = {verdict.rule.name: verdict.failed for verdict in check_table(sales, rules, tables={"shops": shops}) if not verdict.holds}
    assert found == expected
    assert found.keys() == {"id_is_unique", "shop_is_in_shops", "pair_is_known", "day_is_fresh", *(rule.name for rule in RULES.table[7:])}
    assert [*checks.selectExpr(*rules.table.fail.values()).collect()[0]].count(False) == len(found)


def test_a_declared_key_is_checked_first_and_only_once(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(1, "a"), (1, "a"), (None, "b")], "id int, shop string")

    declared = check_table(frame, Rules(row_count_between(1)), key=("id", "shop"))
    asked = check_table(frame, Rules(primary_key("shop", "id")), key=("id", "shop"))

    assert [(verdict.rule.name, verdict.failed) for verdict in declared] == [("id_and_shop_is_the_key", 3), ("row_count_is_in_range", 0)]
    assert [verdict.rule.name for verdict in asked] == ["shop_and_id_is_the_key"]


def test_every_rule_that_does_not_fit_the_table_is_named_before_anything_runs(spark: SparkSession, shops: DataFrame) -> None:
    rules = [
        unique("id", "nmae"),
        foreign_key("shop", "stores"),
        foreign_key("id", "shops", "town"),
        foreign_key("id", "shops", "shop", name="types"),
        fresh_within("shop", timedelta(1)),
        sum_between("shop", 1),
    ]

    with pytest.raises(RuleError) as caught:
        check_table(spark.createDataFrame([], "id int, shop string"), rules, tables={"shops": shops})

    assert [mistake.partition(": ")[2] for mistake in caught.value.mistakes] == [
        "no column 'nmae'; the table has id, shop",
        "it refers to 'stores'; the tables at hand are shops",
        "no column 'town' in shops, which has shop, number",
        "id is int, and shop of shops is string",
        "shop is string; a date or a timestamp has an age",
        "shop is string; numbers have a sum",
    ]


def test_a_stream_is_no_table(spark: SparkSession) -> None:
    with pytest.raises(UsageError, match="a stream has no end to count to"):
        table_checks(spark.readStream.format("rate").load(), [unique("value")])
