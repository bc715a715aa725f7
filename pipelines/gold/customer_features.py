"""Gold: what was known about a customer at the end of each of their days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from features.customer import CUSTOMER_FEATURES, CUSTOMER_PARTS
from pipelines.gold.activity import activity, newest_time
from pipelines.gold.snapshots import declared, micros_of_day, snapshots, with_windows

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US


def customer_features(transactions: DataFrame, chargebacks: DataFrame, customers: DataFrame) -> DataFrame:
    """One row per ``customer_id`` and ``as_of``; ratios are NULL where there was no transaction to divide by.

    ``customers`` are the versions of an SCD2 table sequenced by a struct that begins with ``changed_at``.
    """
    known = activity(transactions, chargebacks).transform(_with_marks)
    instants = snapshots(known, newest_time(transactions, chargebacks), key="customer_id").transform(_with_last_sale)
    windows = (*CUSTOMER_FEATURES.rollings, *CUSTOMER_PARTS)
    rows = with_windows(instants, known, windows, key="customer_id").withColumnRenamed("at", "as_of")
    return declared(rows.transform(_with_ratios).transform(_with_account, customers), CUSTOMER_FEATURES)


def is_night(at: Column) -> Column:
    """Whether ``at`` lies in the hours 0 to 6 UTC, both included."""
    return micros_of_day(at) < F.lit(7 * _HOUR_US)


def is_foreign(card_country: Column, merchant_country: Column) -> Column:
    """Whether the merchant sits in another country than the card; not when either is unknown."""
    return F.coalesce(merchant_country != card_country, F.lit(False))


def _with_marks(known: DataFrame) -> DataFrame:
    return known.select(
        "customer_id",
        "at",
        "kind",
        "amount",
        "merchant_id",
        is_night(F.col("at")).alias("is_night"),
        is_foreign(F.col("card_country"), F.col("merchant_country")).alias("is_foreign"),
    )


def _with_last_sale(instants: DataFrame) -> DataFrame:
    """``last_sale_at`` carried on over days on which only a chargeback came."""
    until_now = Window.partitionBy("customer_id").orderBy("at").rowsBetween(Window.unboundedPreceding, Window.currentRow)
    return instants.withColumn("last_sale_at", F.max("last_sale_at").over(until_now))


def _with_ratios(windows: DataFrame) -> DataFrame:
    means = {
        f"avg_txn_amount_{days}d": F.try_divide(F.col(f"txn_amount_{days}d").cast("double"), F.col(f"txn_count_{days}d"))
        for days in (1, 7, 30)
    }
    shares = {f"{mark}_share_30d": F.try_divide(F.col(f"{mark}_txns_30d"), F.col("txn_count_30d")) for mark in ("night", "foreign")}
    seconds = (F.unix_micros("as_of") - F.unix_micros("last_sale_at")) / F.lit(1_000_000)
    return windows.withColumns({**means, **shares, "seconds_since_last_txn": seconds})


def _with_account(rows: DataFrame, customers: DataFrame) -> DataFrame:
    """The customer's attributes as of ``as_of``: from the version whose change had been made and not yet been replaced."""
    versions = customers.select(
        F.col("customer_id").alias("_of"),
        F.col("__START_AT.changed_at").alias("_from"),
        F.col("__END_AT.changed_at").alias("_until"),
        "email_verified",
        "home_country",
        "created_at",
    )
    has_begun = F.col("_from") <= F.col("as_of")
    has_not_ended = F.col("_until").isNull() | (F.col("as_of") < F.col("_until"))
    joined = rows.join(versions, on=(F.col("customer_id") == F.col("_of")) & has_begun & has_not_ended, how="left")
    age = F.expr(f"(unix_micros(as_of) - unix_micros(created_at)) div {_DAY_US}")
    return joined.withColumn("account_age_days", age)
