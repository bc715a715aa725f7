"""Gold: what was known about a merchant at the end of each of its days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from features.merchant import HIGH_RISK, MEDIUM_RISK, MERCHANT_FEATURES, MERCHANT_PARTS
from pipelines.gold.activity import activity, newest_time
from pipelines.gold.snapshots import declared, snapshots, with_windows

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


def merchant_features(transactions: DataFrame, chargebacks: DataFrame) -> DataFrame:
    """One row per ``merchant_id`` and ``as_of``; ratios are NULL where there was no transaction to divide by."""
    known = activity(transactions, chargebacks).select("merchant_id", "at", "kind", "amount", "customer_id", "reason")
    instants = snapshots(known, newest_time(transactions, chargebacks), key="merchant_id")
    windows = (*MERCHANT_FEATURES.rollings, *MERCHANT_PARTS)
    return declared(with_windows(instants, known, windows, key="merchant_id").transform(_with_ratios), MERCHANT_FEATURES)


def _with_ratios(windows: DataFrame) -> DataFrame:
    fraud_rate = F.try_divide(F.col("frauds_30d"), F.col("txn_count_30d"))
    return windows.withColumns(
        {
            "as_of": F.col("at"),
            "avg_daily_txns_30d": F.col("txn_count_30d") / F.lit(30),
            "avg_txn_amount_30d": F.try_divide(F.col("txn_amount_30d").cast("double"), F.col("txn_count_30d")),
            "fraud_rate_30d": fraud_rate,
            "chargeback_rate_90d": F.try_divide(F.col("chargebacks_90d"), F.col("txn_count_90d")),
            "risk_tier": risk_tier(fraud_rate),
        }
    )


def risk_tier(fraud_rate: Column) -> Column:
    """``high``, ``medium`` or ``low``; the limits themselves belong to the lower tier, and an unknown rate is ``low``."""
    return F.when(fraud_rate > HIGH_RISK, "high").when(fraud_rate > MEDIUM_RISK, "medium").otherwise("low")
