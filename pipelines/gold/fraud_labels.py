"""Labels of card transactions: whether a sale was reported as fraud within thirty days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from pipelines.gold.activity import newest_time

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

MATURES_DAYS = 30


def fraud_labels(transactions: DataFrame, chargebacks: DataFrame) -> DataFrame:
    """One row per sale whose thirty days are over in the data: ``fraud`` is whether one for fraud was reported in them.

    Younger sales are left out, for a fraud that nobody has reported yet would count as an honest sale.
    """
    reported = chargebacks.where("reason = 'fraud'").groupBy("transaction_id").agg(F.min("reported_at").alias("reported_at"))
    mature = transactions.join(newest_time(transactions, chargebacks), how="cross").where(
        _thirty_days_after("event_time") <= F.col("newest")
    )
    in_time = F.col("reported_at") <= _thirty_days_after("event_time")
    return mature.join(reported, on="transaction_id", how="left").select(
        "transaction_id",
        "customer_id",
        "merchant_id",
        "event_time",
        F.col("amount").cast("double").alias("amount"),
        F.coalesce(in_time, F.lit(False)).alias("fraud"),
    )


def _thirty_days_after(time: str) -> Column:
    return F.col(time) + F.make_dt_interval(F.lit(MATURES_DAYS))
