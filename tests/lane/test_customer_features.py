from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from chispa import assert_column_equality
from pyspark.sql import functions as F

from pipelines.gold.customer_features import customer_features, is_foreign, is_night

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SALES = (
    "transaction_id STRING, customer_id STRING, merchant_id STRING, amount DECIMAL(18,2), event_time TIMESTAMP, "
    "card_country STRING, merchant_country STRING"
)
REPORTS = "transaction_id STRING, reported_at TIMESTAMP, reason STRING"
CHANGE = "STRUCT<changed_at: TIMESTAMP, sequence: BIGINT>"
VERSIONS = (
    "customer_id STRING, full_name STRING, email STRING, email_verified BOOLEAN, home_country STRING, created_at TIMESTAMP, "
    f"__START_AT {CHANGE}, __END_AT {CHANGE}"
)
OPENED = "2025-12-01 12:00:00"


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def sales(spark: SparkSession, *rows: tuple[str, str, str, str]) -> DataFrame:
    """Sales of customer C1: id, merchant, amount, time; the card is German, every merchant French whose id begins with F."""
    typed = [(name, "C1", shop, Decimal(amount), at(time), "DE", "FR" if shop[0] == "F" else "DE") for name, shop, amount, time in rows]
    return spark.createDataFrame(typed, SALES)


def no_reports(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame([], REPORTS)


def versions(spark: SparkSession, *rows: tuple[bool, str, str, str | None]) -> DataFrame:
    """Versions of customer C1: verified, country, from, until."""
    typed = [
        ("C1", "Ada", "a@x", verified, country, at(OPENED), (at(start), 1), None if end is None else (at(end), 2))
        for verified, country, start, end in rows
    ]
    return spark.createDataFrame(typed, VERSIONS)


def history(gold: DataFrame, *columns: str) -> list[tuple[object, ...]]:
    rows = gold.withColumn("as_of", F.col("as_of").cast("string")).orderBy("as_of").select("as_of", *columns)
    return [tuple(row) for row in rows.collect()]


def test_counts_and_means_are_those_of_one_seven_and_thirty_days(spark: SparkSession) -> None:
    sold = sales(
        spark,
        ("t1", "M1", "10.00", "2026-01-01 09:00:00"),
        ("t2", "M2", "20.00", "2026-01-20 09:00:00"),
        ("t3", "M2", "30.00", "2026-01-25 09:00:00"),
        ("t4", "M1", "50.00", "2026-01-25 10:00:00"),
    )

    gold = customer_features(sold, no_reports(spark), versions(spark)).where("as_of = '2026-01-25 10:00:00'")

    counts = ("txn_count_1d", "txn_count_7d", "txn_count_30d", "distinct_merchants_30d")
    means = ("avg_txn_amount_1d", "avg_txn_amount_7d", "avg_txn_amount_30d")
    assert history(gold, *counts, *means) == [("2026-01-25 10:00:00", 2, 3, 4, 2, 40.0, 100 / 3, 27.5)]


def test_shares_are_of_the_transactions_of_thirty_days(spark: SparkSession) -> None:
    sold = sales(
        spark,
        ("t1", "M1", "10.00", "2026-01-01 06:59:59.999999"),
        ("t2", "F1", "10.00", "2026-01-01 07:00:00"),
        ("t3", "F1", "10.00", "2026-01-01 09:00:00"),
        ("t4", "M1", "10.00", "2026-01-01 10:00:00"),
    )

    gold = customer_features(sold, no_reports(spark), versions(spark))

    assert history(gold, "night_share_30d", "foreign_share_30d") == [("2026-01-01 10:00:00", 0.25, 0.5)]


def test_the_account_is_as_it_was_at_that_time(spark: SparkSession) -> None:
    sold = sales(
        spark,
        ("t1", "M1", "10.00", "2026-01-01 09:00:00"),
        ("t2", "M1", "10.00", "2026-01-02 09:00:00"),
        ("t3", "M1", "10.00", "2026-01-03 09:00:00"),
    )
    known = versions(
        spark, (False, "DE", OPENED, "2026-01-01 23:59:59.999999"), (True, "FR", "2026-01-01 23:59:59.999999", "2026-01-03 09:00:00.000001")
    )

    gold = customer_features(sold, no_reports(spark), known)

    assert history(gold, "email_verified", "home_country", "account_age_days") == [
        ("2026-01-01 23:59:59.999999", True, "FR", 31),
        ("2026-01-02 23:59:59.999999", True, "FR", 32),
        ("2026-01-03 09:00:00", True, "FR", 32),
    ]


def test_of_two_versions_of_one_instant_the_last_counts(spark: SparkSession) -> None:
    sold = sales(spark, ("t1", "M1", "10.00", "2026-01-03 09:00:00"))
    known = versions(spark, (False, "DE", "2026-01-03 09:00:00", "2026-01-03 09:00:00"), (True, "FR", "2026-01-03 09:00:00", None))

    gold = customer_features(sold, no_reports(spark), known)

    assert history(gold, "home_country") == [("2026-01-03 09:00:00", "FR")]


def test_a_customer_not_known_yet_or_not_any_more_has_no_attributes(spark: SparkSession) -> None:
    sold = sales(spark, ("t1", "M1", "10.00", "2026-01-01 09:00:00"), ("t2", "M1", "10.00", "2026-01-05 09:00:00"))
    known = versions(spark, (True, "DE", "2026-01-02 00:00:00", "2026-01-04 00:00:00"))

    gold = customer_features(sold, no_reports(spark), known)

    assert history(gold, "email_verified", "home_country", "account_age_days", "txn_count_30d") == [
        ("2026-01-01 23:59:59.999999", None, None, None, 1),
        ("2026-01-05 09:00:00", None, None, None, 2),
    ]


def test_time_since_the_last_transaction_runs_on_over_days_without_one(spark: SparkSession) -> None:
    sold = sales(spark, ("t1", "M1", "10.00", "2026-01-01 23:59:59"), ("t2", "M1", "10.00", "2026-03-05 09:00:00"))
    reported = spark.createDataFrame([("t1", at("2026-02-05 12:00:00"), "other")], REPORTS)

    gold = customer_features(sold, reported, versions(spark))

    assert history(gold, "seconds_since_last_txn", "txn_count_30d", "night_share_30d") == [
        ("2026-01-01 23:59:59.999999", 0.999999, 1, 0.0),
        ("2026-02-05 23:59:59.999999", 35 * 86_400 + 0.999999, 0, None),
        ("2026-03-05 09:00:00", 0.0, 1, 0.0),
    ]


def test_night_is_before_seven_in_utc(spark: SparkSession) -> None:
    cases = [
        ("2026-01-01 00:00:00", True),
        ("2026-01-01 06:59:59.999999", True),
        ("2026-01-01 07:00:00", False),
        ("1969-12-31 23:00:00", False),
        (None, None),
    ]
    frame = spark.createDataFrame([(text and at(text), night) for text, night in cases], "at TIMESTAMP, expected BOOLEAN")

    marked = frame.withColumn("night", is_night(F.col("at")))

    assert_column_equality(marked, "night", "expected")


def test_foreign_is_another_known_country(spark: SparkSession) -> None:
    cases = [("DE", "FR", True), ("DE", "DE", False), (None, "FR", False), ("DE", None, False), (None, None, False)]
    frame = spark.createDataFrame(cases, "card STRING, shop STRING, expected BOOLEAN")

    marked = frame.withColumn("abroad", is_foreign(F.col("card"), F.col("shop")))

    assert_column_equality(marked, "abroad", "expected")
