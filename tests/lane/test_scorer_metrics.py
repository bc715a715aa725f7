from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.gold.scorer_metrics import scorer_metrics, totals

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_the_highest_scores_of_a_day_of_sale_are_its_alerts(spark: SparkSession) -> None:
    scores = spark.sql(
        "SELECT DATE'2026-02-01' AS day, 's' AS scorer, '1' AS model_version, id AS transaction_id, CAST(at AS TIMESTAMP) AS event_time,"
        " CAST(score AS DOUBLE) AS score FROM VALUES ('a', '2026-01-01 01:00', 0.9), ('b', '2026-01-01 02:00', 0.5),"
        " ('c', '2026-01-01 03:00', 0.5), ('d', '2026-01-01 04:00', NULL), ('e', '2026-01-02 00:00', NULL) AS t(id, at, score)"
    )
    chargebacks = spark.sql(
        "SELECT * FROM VALUES ('a', 'fraud'), ('a', 'fraud'), ('c', 'fraud'), ('b', 'other') AS t(transaction_id, reason)"
    )

    metrics = scorer_metrics(scores, chargebacks, alerts=2)

    columns = ("transactions", "frauds", "alerts", "alerts_caught", "precision_at_k", "recall_at_k")
    assert [tuple(row) for row in metrics.orderBy("sold_on").select(*columns).collect()] == [
        (4, 2, 2, 1, 0.5, 0.5),
        (1, 0, 1, 0, 0.0, None),
    ]
    assert [tuple(row) for row in totals(metrics).select(*columns).collect()] == [(5, 2, 3, 1, 1 / 3, 0.5)]
