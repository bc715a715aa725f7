from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import functions as F

from expectations import CHARGEBACKS, CUSTOMERS, MERCHANTS, RULES, TRANSACTIONS
from features import FEATURE_TABLES
from goldlane.expectations import Rule, Rules, split, with_broken_rules
from goldlane.features.row_predicates import portable
from pipelines.silver.chargebacks import typed_chargebacks
from pipelines.silver.customers import typed_customers
from pipelines.silver.merchants import typed_merchants
from pipelines.silver.transactions import typed_transactions

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from goldlane.features import FeatureTable

PLACE = "_source_file STRING, _file_modified_at TIMESTAMP, _block_start BIGINT, _row BIGINT, _ingested_at TIMESTAMP"
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=timezone.utc)
FROM = {"_source_file": "a.json", "_file_modified_at": NOON, "_block_start": 0, "_row": 0, "_ingested_at": NOON}
AT = "2026-01-31T10:00:00Z"
GOOD = {
    "transaction_id": "t1",
    "customer_id": "C1",
    "merchant_id": "M1",
    "amount": "12.34",
    "currency": "EUR",
    "event_time": AT,
    "channel": "pos",
    "card_country": "DE",
    "merchant_country": "FR",
    "_corrupt_record": None,
    "_rescued_data": None,
}
FEEDS = {
    "customers": (typed_customers, CUSTOMERS, "operation sequence changed_at customer_id email_verified home_country created_at"),
    "merchants": (typed_merchants, MERCHANTS, "operation sequence changed_at merchant_id name mcc country onboarded_at"),
    "chargebacks": (typed_chargebacks, CHARGEBACKS, "transaction_id reported_at reason"),
}


def _landed(spark: SparkSession, values: dict[str, object]) -> DataFrame:
    ddl = ", ".join(f"{name} STRING" for name in values)
    return spark.createDataFrame([(*values.values(), *FROM.values())], f"{ddl}, {PLACE}")


@pytest.mark.parametrize("table", [table for table in FEATURE_TABLES if table.name in RULES], ids=lambda table: table.name)
def test_no_rule_of_a_gold_table_needs_a_jvm_to_be_asked_before_publishing(table: FeatureTable) -> None:
    types = {feature.name: feature.type for feature in table.features}

    assert [rule.name for rule in RULES[table.name] if portable(rule, types) is None] == []


@pytest.mark.parametrize("rule", [*TRANSACTIONS, *CUSTOMERS, *MERCHANTS, *CHARGEBACKS], ids=lambda rule: rule.name)
def test_a_verdict_is_never_null(spark: SparkSession, rule: Rule) -> None:
    types = {"amount": "decimal(18,2)"}
    all_null = spark.range(1).select(*(F.lit(None).cast(types.get(name, "string")).alias(name) for name in rule.columns))

    (row,) = all_null.select(F.expr(rule.sql).alias("verdict")).collect()

    assert row.verdict is not None


@pytest.mark.parametrize("table", RULES)
def test_every_rule_says_why(table: str) -> None:
    assert [rule.name for rule in (*RULES[table], *RULES[table].table) if not rule.why.endswith(".")] == []


@pytest.mark.parametrize(
    "fault, broken",
    [
        ({}, []),
        ({"transaction_id": None}, ["transaction_id_is_present"]),
        ({"transaction_id": " "}, ["transaction_id_is_present"]),
        ({"customer_id": None}, ["customer_id_is_present"]),
        ({"merchant_id": None}, ["merchant_id_is_present"]),
        ({"amount": "-12.34"}, ["amount_is_positive"]),
        ({"amount": "0.00"}, ["amount_is_positive"]),
        ({"amount": "12,50 EUR"}, ["amount_is_a_number"]),
        ({"amount": ""}, ["amount_is_a_number"]),
        ({"currency": "XXX"}, ["currency_is_known"]),
        ({"currency": None}, ["currency_is_known"]),
        ({"event_time": "yesterday"}, ["event_time_is_present"]),
    ],
    ids=str,
)
def test_one_fault_breaks_one_rule(spark: SparkSession, fault: dict[str, object], broken: list[str]) -> None:
    landed = _landed(spark, {**GOOD, **fault})

    (row,) = with_broken_rules(typed_transactions(landed), TRANSACTIONS).collect()

    assert row["_broken_rules"] == broken


def test_an_unreadable_line_is_quarantined_with_its_text(spark: SparkSession) -> None:
    landed = _landed(spark, {**dict.fromkeys(GOOD), "_corrupt_record": '{"transaction_id": "t1'})

    (row,) = split(typed_transactions(landed), TRANSACTIONS).quarantined.collect()

    assert row["_broken_rules"][0] == "line_is_readable"
    assert row["_corrupt_record"] == '{"transaction_id": "t1'


def test_an_unknown_channel_is_a_warning_only(spark: SparkSession) -> None:
    landed = _landed(spark, {**GOOD, "channel": "carrier pigeon"})

    kept = split(typed_transactions(landed), TRANSACTIONS).kept

    assert [row.transaction_id for row in kept.collect()] == ["t1"]


@pytest.mark.parametrize("feed", FEEDS)
def test_a_truncated_line_of_any_feed_is_dropped(spark: SparkSession, feed: str) -> None:
    typed, rules, columns = FEEDS[feed]
    landed = _landed(spark, dict.fromkeys(columns.split()))

    kept = split(typed(landed), rules).kept

    assert kept.collect() == []


@pytest.mark.parametrize("feed", ["customers", "merchants"])
def test_a_delete_breaks_no_rule_although_it_has_no_attributes(spark: SparkSession, feed: str) -> None:
    typed, rules, columns = FEEDS[feed]
    delete = {**dict.fromkeys(columns.split()), "operation": "DELETE", "sequence": "3", "changed_at": AT, f"{feed[:-1]}_id": "X1"}

    (row,) = with_broken_rules(typed(_landed(spark, delete)), rules).collect()

    assert row["_broken_rules"] == []


@pytest.mark.parametrize(
    "rules", [TRANSACTIONS, CUSTOMERS, MERCHANTS, CHARGEBACKS], ids=["transactions", "customers", "merchants", "chargebacks"]
)
def test_what_auto_cdc_cannot_do_without_is_dropped(rules: Rules) -> None:
    kinds = {
        "transaction_id_is_present",
        "customer_id_is_present",
        "merchant_id_is_present",
        "sequence_is_present",
        "changed_at_is_present",
    }
    needed = [rule.name for rule in rules if rule.name in kinds]

    assert set(needed) <= set(rules.drop)
