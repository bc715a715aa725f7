from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from chispa import assert_column_equality, assert_df_equality
from pyspark.sql import functions as F

from features import MERCHANT_FEATURES
from pipelines.gold.merchant_features import merchant_features, risk_tier

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SALES = (
    "transaction_id STRING, customer_id STRING, merchant_id STRING, amount DECIMAL(18,2), event_time TIMESTAMP, "
    "card_country STRING, merchant_country STRING"
)
REPORTS = "transaction_id STRING, reported_at TIMESTAMP, reason STRING"


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def sales(spark: SparkSession, *rows: tuple[str, str, str, str, str]) -> DataFrame:
    typed = [(name, customer, merchant, Decimal(amount), at(time), "DE", "DE") for name, customer, merchant, amount, time in rows]
    return spark.createDataFrame(typed, SALES)


def reports(spark: SparkSession, *rows: tuple[str, str, str]) -> DataFrame:
    return spark.createDataFrame([(name, at(time), reason) for name, time, reason in rows], REPORTS)


def history(gold: DataFrame, *columns: str) -> list[tuple[object, ...]]:
    rows = gold.withColumn("as_of", F.col("as_of").cast("string")).orderBy("merchant_id", "as_of").select("as_of", *columns)
    return [tuple(row) for row in rows.collect()]


@pytest.fixture
def session_in_tokyo(spark: SparkSession) -> Iterator[SparkSession]:
    spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    yield spark
    spark.conf.set("spark.sql.session.timeZone", "UTC")


def test_a_finished_day_is_stamped_with_its_last_microsecond_and_the_newest_with_its_newest_event(spark: SparkSession) -> None:
    sold = sales(
        spark,
        ("t1", "C1", "M1", "10.00", "2026-01-01 09:00:00"),
        ("t2", "C1", "M1", "10.00", "2026-01-01 23:59:59.999999"),
        ("t3", "C1", "M1", "10.00", "2026-01-03 00:00:00"),
        ("t4", "C1", "M1", "10.00", "2026-01-03 08:00:00"),
    )

    gold = merchant_features(sold, reports(spark))

    assert history(gold, "weekly_velocity") == [("2026-01-01 23:59:59.999999", 2), ("2026-01-03 08:00:00", 4)]


def test_the_newest_day_is_that_of_the_data_not_of_the_merchant(spark: SparkSession) -> None:
    sold = sales(spark, ("t1", "C1", "M1", "10.00", "2026-01-01 09:00:00"), ("t2", "C1", "M2", "10.00", "2026-01-02 09:00:00"))

    gold = merchant_features(sold, reports(spark))

    assert history(gold, "merchant_id") == [("2026-01-01 23:59:59.999999", "M1"), ("2026-01-02 09:00:00", "M2")]


def test_a_day_on_which_only_a_chargeback_was_reported_has_a_row(spark: SparkSession) -> None:
    sold = sales(spark, ("t1", "C1", "M1", "10.00", "2026-01-01 09:00:00"), ("t2", "C1", "M2", "10.00", "2026-01-09 09:00:00"))
    reported = reports(spark, ("t1", "2026-01-05 12:00:00", "fraud"))

    gold = merchant_features(sold, reported).where("merchant_id = 'M1'")

    assert history(gold, "fraud_rate_30d") == [("2026-01-01 23:59:59.999999", 0.0), ("2026-01-05 23:59:59.999999", 1.0)]


def test_a_chargeback_counts_from_its_report_never_from_its_sale(spark: SparkSession) -> None:
    sold = sales(
        spark,
        ("t1", "C1", "M1", "10.00", "2026-01-01 09:00:00"),
        ("t2", "C1", "M1", "10.00", "2026-01-02 09:00:00"),
        ("t3", "C1", "M1", "10.00", "2026-01-02 11:00:00"),
    )
    reported = reports(spark, ("t1", "2026-01-02 10:00:00", "not_received"))

    gold = merchant_features(sold, reported)

    expected = [("2026-01-01 23:59:59.999999", 0.0, 0.0), ("2026-01-02 11:00:00", 1 / 3, 0.0)]
    assert history(gold, "chargeback_rate_90d", "fraud_rate_30d") == expected


def test_the_newest_report_makes_the_newest_row(spark: SparkSession) -> None:
    sold = sales(spark, ("t1", "C1", "M1", "10.00", "2026-01-02 09:00:00"))
    reported = reports(spark, ("t1", "2026-01-02 18:30:00", "fraud"))

    gold = merchant_features(sold, reported)

    assert history(gold, "risk_tier") == [("2026-01-02 18:30:00", "high")]


def test_a_chargeback_of_an_unknown_sale_counts_for_nobody_but_its_day_has_begun(spark: SparkSession) -> None:
    sold = sales(spark, ("t1", "C1", "M1", "10.00", "2026-01-01 09:00:00"))
    reported = reports(spark, ("lost", "2026-01-02 10:00:00", "fraud"))

    gold = merchant_features(sold, reported)

    assert history(gold, "fraud_rate_30d") == [("2026-01-01 23:59:59.999999", 0.0)]


def test_windows_count_time_not_rows(spark: SparkSession) -> None:
    sold = sales(
        spark,
        ("t1", "C1", "M1", "10.00", "2026-01-01 09:00:00"),
        ("t2", "C2", "M1", "20.00", "2026-01-08 09:00:00"),
        ("t3", "C1", "M1", "60.00", "2026-02-07 09:00:00"),
    )

    gold = merchant_features(sold, reports(spark))

    assert history(gold, "weekly_velocity", "unique_customers_30d", "avg_txn_amount_30d") == [
        ("2026-01-01 23:59:59.999999", 1, 1, 10.0),
        ("2026-01-08 23:59:59.999999", 1, 2, 15.0),
        ("2026-02-07 09:00:00", 1, 1, 60.0),
    ]


def test_the_lower_edge_of_a_window_is_open(spark: SparkSession) -> None:
    sold = sales(
        spark,
        ("t1", "C1", "M1", "10.00", "2026-01-01 09:00:00"),
        ("t2", "C2", "M1", "10.00", "2026-01-01 09:00:00.000001"),
        ("t3", "C1", "M1", "10.00", "2026-01-08 09:00:00"),
    )

    gold = merchant_features(sold, reports(spark)).where("as_of = '2026-01-08 09:00:00'")

    assert history(gold, "weekly_velocity") == [("2026-01-08 09:00:00", 2)]


def test_a_mean_is_over_transactions_and_a_daily_rate_over_all_thirty_days(spark: SparkSession) -> None:
    sold = sales(
        spark,
        ("t1", "C1", "M1", "10.00", "2026-01-01 09:00:00"),
        ("t2", "C1", "M1", "10.00", "2026-01-01 10:00:00"),
        ("t3", "C1", "M1", "40.00", "2026-01-02 09:00:00"),
    )

    gold = merchant_features(sold, reports(spark)).where("as_of = '2026-01-02 09:00:00'")

    assert history(gold, "avg_txn_amount_30d", "avg_daily_txns_30d") == [("2026-01-02 09:00:00", 20.0, 0.1)]


def test_rates_without_transactions_are_null_and_the_tier_is_low(spark: SparkSession) -> None:
    sold = sales(spark, ("t1", "C1", "M1", "10.00", "2026-01-01 09:00:00"), ("t2", "C1", "M2", "10.00", "2026-06-01 09:00:00"))
    reported = reports(spark, ("t1", "2026-05-01 12:00:00", "fraud"))

    gold = merchant_features(sold, reported).where("merchant_id = 'M1' and as_of > '2026-02-01'")

    expected = [("2026-05-01 23:59:59.999999", None, None, None, "low", 0)]
    assert history(gold, "fraud_rate_30d", "chargeback_rate_90d", "avg_txn_amount_30d", "risk_tier", "weekly_velocity") == expected


def test_a_day_is_a_utc_day_in_any_session(session_in_tokyo: SparkSession) -> None:
    sold = sales(
        session_in_tokyo,
        ("t1", "C1", "M1", "10.00", "2026-01-01 01:00:00"),
        ("t2", "C1", "M1", "10.00", "2026-01-01 23:00:00"),
        ("t3", "C1", "M1", "10.00", "2026-01-02 23:00:00"),
    )

    gold = merchant_features(sold, reports(session_in_tokyo)).select(F.unix_micros("as_of").alias("as_of"), "weekly_velocity")

    ends = [(int(at("2026-01-02 00:00:00").timestamp()) * 1_000_000 - 1, 2), (int(at("2026-01-02 23:00:00").timestamp()) * 1_000_000, 3)]
    assert sorted(tuple(row) for row in gold.collect()) == ends


def test_no_sales_give_no_rows(spark: SparkSession) -> None:
    gold = merchant_features(spark.createDataFrame([], SALES), reports(spark, ("lost", "2026-01-02 10:00:00", "fraud")))

    assert_df_equality(
        gold, spark.createDataFrame([], MERCHANT_FEATURES.ddl(primary_key=False)), ignore_nullable=True, ignore_metadata=True
    )


def test_a_tier_begins_above_its_limit(spark: SparkSession) -> None:
    cases = [(0.051, "high"), (0.05, "medium"), (0.021, "medium"), (0.02, "low"), (0.0, "low"), (None, "low")]
    frame = spark.createDataFrame(cases, "fraud_rate DOUBLE, expected STRING")

    tiers = frame.withColumn("tier", risk_tier(F.col("fraud_rate")))

    assert_column_equality(tiers, "tier", "expected")
