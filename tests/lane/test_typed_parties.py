from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from chispa import assert_df_equality

from pipelines.silver.arrival import ARRIVAL
from pipelines.silver.chargebacks import typed_chargebacks
from pipelines.silver.customers import typed_customers
from pipelines.silver.merchants import typed_merchants

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


PLACE = "_source_file STRING, _file_modified_at TIMESTAMP, _block_start BIGINT, _row BIGINT, _ingested_at TIMESTAMP"
CHANGE = "operation STRING, sequence STRING, changed_at STRING"
NOON = at("2026-01-31 12:00")
FROM = ("batch-01-part-01.json", NOON, 0, 0, NOON)
AT = "2026-01-31T13:00:00+01:00"


def test_a_customer_change_is_typed_and_a_delete_has_no_attributes(spark: SparkSession) -> None:
    landed = spark.createDataFrame(
        [
            ("INSERT", "1", AT, "C1", "Ada", "a@x", "true", "DE", "2025-12-01T00:00:00Z", *FROM),
            ("UPDATE", "x", "?", "C1", "Ada", "a@x", "maybe", "DE", "?", *FROM),
            ("DELETE", "3", AT, "C1", None, None, None, None, None, *FROM),
        ],
        f"{CHANGE}, customer_id STRING, full_name STRING, email STRING, email_verified STRING, home_country STRING, "
        f"created_at STRING, {PLACE}",
    )

    typed = typed_customers(landed).drop(*ARRIVAL)

    expected = spark.createDataFrame(
        [
            ("INSERT", 1, NOON, "C1", "Ada", "a@x", True, "DE", at("2025-12-01 00:00")),
            ("UPDATE", None, None, "C1", "Ada", "a@x", None, "DE", None),
            ("DELETE", 3, NOON, "C1", None, None, None, None, None),
        ],
        "operation STRING, sequence BIGINT, changed_at TIMESTAMP, customer_id STRING, full_name STRING, email STRING, "
        "email_verified BOOLEAN, home_country STRING, created_at TIMESTAMP",
    )
    assert_df_equality(typed, expected, ignore_nullable=True)


def test_a_merchant_change_is_typed(spark: SparkSession) -> None:
    landed = spark.createDataFrame(
        [("INSERT", "1", AT, "M1", "Shop", "5411", "FR", AT, *FROM)],
        f"{CHANGE}, merchant_id STRING, name STRING, mcc STRING, country STRING, onboarded_at STRING, {PLACE}",
    )

    typed = typed_merchants(landed).drop(*ARRIVAL)

    expected = spark.createDataFrame(
        [("INSERT", 1, NOON, "M1", "Shop", "5411", "FR", NOON)],
        "operation STRING, sequence BIGINT, changed_at TIMESTAMP, merchant_id STRING, name STRING, mcc STRING, country STRING, "
        "onboarded_at TIMESTAMP",
    )
    assert_df_equality(typed, expected, ignore_nullable=True)


def test_a_chargeback_is_typed(spark: SparkSession) -> None:
    landed = spark.createDataFrame(
        [("t1", AT, "fraud", *FROM), ("t2", "?", "other", *FROM)], f"transaction_id STRING, reported_at STRING, reason STRING, {PLACE}"
    )

    typed = typed_chargebacks(landed).drop(*ARRIVAL)

    expected = spark.createDataFrame(
        [("t1", NOON, "fraud"), ("t2", None, "other")], "transaction_id STRING, reported_at TIMESTAMP, reason STRING"
    )
    assert_df_equality(typed, expected, ignore_nullable=True)
