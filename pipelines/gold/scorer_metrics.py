"""How well scorers chose: of the alerts that a day's analysts could look at, how many were fraud."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

ALERTS = 20
_ONE_SCORER = ("day", "scorer", "model_version", "sold_on")


def scorer_metrics(scores: DataFrame, chargebacks: DataFrame, *, alerts: int = ALERTS) -> DataFrame:
    """One row per evaluation ``day``, scorer, version and UTC day of sale: the highest ``alerts`` scores of each are its alerts.

    Ties are broken by ``transaction_id``; a sale without a score is alerted last. ``frauds`` are the scored sales reported as fraud so
    far, so that young days change. Precision is NULL without alerts, recall without frauds.
    """
    frauds = chargebacks.where("reason = 'fraud'").select("transaction_id").distinct().withColumn("is_fraud", F.lit(True))
    ranked = Window.partitionBy(*_ONE_SCORER).orderBy(F.desc_nulls_last("score"), "transaction_id")
    judged = (
        scores.withColumn("sold_on", F.to_date("event_time"))
        .join(frauds, on="transaction_id", how="left")
        .withColumn("is_fraud", F.coalesce("is_fraud", F.lit(False)))
        .withColumn("is_alert", F.row_number().over(ranked) <= alerts)
    )
    counted = judged.groupBy(*_ONE_SCORER).agg(
        F.count(F.lit(1)).alias("transactions"),
        F.count_if("is_fraud").alias("frauds"),
        F.count_if("is_alert").alias("alerts"),
        F.count_if(F.col("is_alert") & F.col("is_fraud")).alias("alerts_caught"),
    )
    return counted.transform(_with_shares)


def totals(metrics: DataFrame) -> DataFrame:
    """One row per scorer and version over all days of ``metrics``; the one that caught most first."""
    counts = ("transactions", "frauds", "alerts", "alerts_caught")
    summed = metrics.groupBy("scorer", "model_version").agg(*(F.sum(name).alias(name) for name in counts))
    return summed.transform(_with_shares).orderBy(F.desc("alerts_caught"), "scorer", "model_version")


def _with_shares(counted: DataFrame) -> DataFrame:
    return counted.select(
        "*",
        F.try_divide("alerts_caught", "alerts").alias("precision_at_k"),
        F.try_divide("alerts_caught", "frauds").alias("recall_at_k"),
    )
