from __future__ import annotations

from typing import TYPE_CHECKING

from chispa import assert_df_equality

from pipelines.gold.fraud_labels import fraud_labels

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SALES = "transaction_id string, customer_id string, merchant_id string, event_time timestamp, amount decimal(18,2)"
LABELS = "transaction_id string, fraud boolean"


def test_a_sale_has_a_label_once_its_thirty_days_are_over(spark: SparkSession) -> None:
    sales = spark.sql(
        "SELECT id AS transaction_id, 'c' AS customer_id, 'm' AS merchant_id, CAST(at AS TIMESTAMP) AS event_time,"
        " CAST(1.5 AS DECIMAL(18,2)) AS amount FROM VALUES ('reported', '2026-01-01'), ('late', '2026-01-01'), ('other', '2026-01-02'),"
        " ('honest', '2026-01-05'), ('young', '2026-01-06'), ('newest', '2026-02-04') AS t(id, at)"
    )
    chargebacks = spark.sql(
        "SELECT id AS transaction_id, CAST(at AS TIMESTAMP) AS reported_at, reason FROM VALUES ('reported', '2026-01-31', 'fraud'),"
        " ('reported', '2026-02-03', 'fraud'), ('late', '2026-01-31 00:00:01', 'fraud'), ('other', '2026-01-03', 'duplicate'),"
        " ('young', '2026-01-07', 'fraud'), (NULL, '2026-01-07', 'fraud') AS t(id, at, reason)"
    )

    labels = fraud_labels(sales, chargebacks)

    expected = spark.createDataFrame([("reported", True), ("late", False), ("other", False), ("honest", False)], LABELS)
    assert_df_equality(labels.select("transaction_id", "fraud"), expected, ignore_row_order=True, ignore_nullable=True)
    assert labels.schema["amount"].dataType.simpleString() == "double"
