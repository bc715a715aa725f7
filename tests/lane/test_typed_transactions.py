from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from chispa import assert_column_equality, assert_df_equality
from pyspark.errors import AnalysisException
from pyspark.sql import functions as F

from pipelines.silver.arrival import ARRIVAL, order_of_arrival
from pipelines.silver.parsed import parsed_text, parsed_time, parsed_value
from pipelines.silver.transactions import typed_transactions

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


PLACE = "_source_file STRING, _file_modified_at TIMESTAMP, _block_start BIGINT, _row BIGINT, _ingested_at TIMESTAMP"
LANDED = (
    "transaction_id STRING, customer_id STRING, merchant_id STRING, amount STRING, currency STRING, event_time STRING, "
    f"card_country STRING, merchant_country STRING, {PLACE}"
)
NOON = at("2026-01-31 12:00")
FROM = ("batch-01-part-01.json", NOON, 0, 7, NOON)


def _landed(spark: SparkSession, *, amount: str = "12.34", event_time: str = "2026-01-31T10:00:00+01:00") -> DataFrame:
    return spark.createDataFrame([("t1", "C1", "M1", amount, "EUR", event_time, "DE", "FR", *FROM)], LANDED)


def test_a_transaction_is_typed(spark: SparkSession) -> None:
    landed = _landed(spark)

    typed = typed_transactions(landed).drop(*ARRIVAL)

    expected = spark.createDataFrame(
        [("t1", "C1", "M1", Decimal("12.34"), "EUR", at("2026-01-31 09:00"), None, None, None, "DE", "FR", None)],
        "transaction_id STRING, customer_id STRING, merchant_id STRING, amount DECIMAL(18,2), currency STRING, event_time TIMESTAMP, "
        "channel STRING, entry_mode STRING, mcc STRING, card_country STRING, merchant_country STRING, device_id STRING",
    )
    assert_df_equality(typed, expected, ignore_nullable=True)


def test_a_column_that_arrives_later_is_taken_up(spark: SparkSession) -> None:
    landed = _landed(spark).withColumn("device_id", F.lit("d9"))

    typed = typed_transactions(landed)

    assert [row.device_id for row in typed.collect()] == ["d9"]


def test_a_missing_column_that_the_lane_needs_is_named(spark: SparkSession) -> None:
    landed = _landed(spark).drop("transaction_id")

    with pytest.raises(AnalysisException, match="transaction_id"):
        _ = typed_transactions(landed).schema  # Spark Connect looks only when it is asked


def test_what_cannot_be_read_keeps_its_text(spark: SparkSession) -> None:
    landed = _landed(spark, amount="12,50 EUR", event_time="yesterday")

    (row,) = typed_transactions(landed).select("amount", "event_time", "_raw").collect()

    assert (row.amount, row.event_time) == (None, None)
    assert row["_raw"].asDict() == {"amount": "12,50 EUR", "event_time": "yesterday"}


def test_the_bookkeeping_columns_are_those_that_silver_leaves_out(spark: SparkSession) -> None:
    typed = typed_transactions(_landed(spark))

    assert tuple(typed.columns[-len(ARRIVAL) :]) == ARRIVAL


def test_an_unreadable_line_stays_marked(spark: SparkSession) -> None:
    landed = _landed(spark).withColumn("_corrupt_record", F.lit('{"transaction_id": "t1'))

    (row,) = typed_transactions(landed).collect()

    assert row["_corrupt_record"] == '{"transaction_id": "t1'


def test_the_later_file_wins_then_the_later_path_then_the_later_row(spark: SparkSession) -> None:
    later = at("2026-02-01 00:00")
    rows = [
        ("older file", NOON, "b.json", 100, 9),
        ("newer file, first path", later, "a.json", 100, 9),
        ("first row", later, "b.json", 0, 1),
        ("second row", later, "b.json", 0, 2),
        ("second block", later, "b.json", 64, 0),
    ]
    arrived = spark.createDataFrame(rows, "name STRING, _file_modified_at TIMESTAMP, _source_file STRING, _block_start BIGINT, _row BIGINT")

    ordered = [row.name for row in arrived.orderBy(F.rand(1)).orderBy(order_of_arrival()).select("name").collect()]

    assert ordered == [name for name, *_ in rows]


def test_amounts_are_read_and_everything_else_is_null(spark: SparkSession) -> None:
    cases = [
        ("12.34", Decimal("12.34")),
        (" 7 ", Decimal("7.00")),
        ("-3.10", Decimal("-3.10")),
        ("0.005", Decimal("0.01")),
        ("12,50 EUR", None),
        ("abc", None),
        ("", None),
        ("99999999999999999999", None),
        (None, None),
    ]
    frame = spark.createDataFrame(cases, "amount STRING, expected DECIMAL(18,2)")

    parsed = frame.select(parsed_value("amount", "decimal(18,2)"), "expected")

    assert_column_equality(parsed, "amount", "expected")


def test_times_are_instants_and_everything_else_is_null(spark: SparkSession) -> None:
    cases = [
        ("2026-01-31T10:00:00.123+01:00", at("2026-01-31 09:00:00.123000")),
        ("2026-01-31T10:00:00Z", at("2026-01-31 10:00")),
        ("2026-01-31T10:00:00-05:00", at("2026-01-31 15:00")),
        ("2026-01-31 10:00:00", at("2026-01-31 10:00")),
        ("2026-02-30T10:00:00Z", None),
        ("10:00:00", None),
        ("2026", None),
        ("soon", None),
        ("", None),
        (None, None),
    ]
    frame = spark.createDataFrame(cases, "at STRING, expected TIMESTAMP")

    parsed = frame.select(parsed_time("at"), "expected")

    assert_column_equality(parsed, "at", "expected")


def test_a_blank_text_is_absent(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(" C1 ", "C1"), ("", None), ("  ", None), (None, None)], "id STRING, expected STRING")

    parsed = frame.select(parsed_text("id"), "expected")

    assert_column_equality(parsed, "id", "expected")
