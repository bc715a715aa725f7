from __future__ import annotations

from typing import TYPE_CHECKING

from chispa import assert_column_equality

from features.scorers import card_velocity, merchant_risk

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_a_merchants_risk_is_its_reported_share_and_never_above_one(spark: SparkSession) -> None:
    rows = spark.createDataFrame(
        [(0.25, 0.25), (0.0, 0.0), (3.0, 1.0), (None, 0.0)], "merchant_features__fraud_rate_30d double, expected double"
    )

    scored = rows.withColumn("score", merchant_risk(rows))

    assert_column_equality(scored, "score", "expected")


def test_a_card_is_suspicious_when_it_is_used_fast_and_for_more_than_usual(spark: SparkSession) -> None:
    rows = spark.createDataFrame(
        [
            (4, 10.0, 40, 1.0),
            (8, 10.0, 400, 1.0),
            (2, 10.0, 40, 0.5),
            (4, 10.0, 20, 0.5),
            (4, None, 20, 1.0),
            (0, 10.0, 400, 0.0),
            (None, None, 400, 0.0),
        ],
        "real_time_features__txn_count_1h bigint, customer_features__avg_txn_amount_30d double, amount int, expected double",
    )

    scored = rows.withColumn("score", card_velocity(rows))

    assert_column_equality(scored, "score", "expected")
