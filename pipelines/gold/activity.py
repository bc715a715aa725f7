"""What happens to a key, in order of when it became known: sales, and chargebacks when they were reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def activity(transactions: DataFrame, chargebacks: DataFrame) -> DataFrame:
    """One row per sale (``at`` its event time) and per chargeback (``at`` its report, never the sale's time).

    ``kind`` is ``sale`` or ``chargeback``; a chargeback has the keys of its sale and no amount. One whose sale is not (yet) known
    has no key to count for and is left out.
    """
    sales = transactions.select(
        "customer_id",
        "merchant_id",
        F.col("event_time").alias("at"),
        F.lit("sale").alias("kind"),
        "amount",
        "card_country",
        "merchant_country",
    )
    keys = transactions.select("transaction_id", "customer_id", "merchant_id")
    reported = chargebacks.join(keys, on="transaction_id", how="inner").select(
        "customer_id", "merchant_id", F.col("reported_at").alias("at"), F.lit("chargeback").alias("kind"), "reason"
    )
    return sales.unionByName(reported, allowMissingColumns=True)


def newest_time(transactions: DataFrame, chargebacks: DataFrame) -> DataFrame:
    """One row: ``newest``, the latest time of any sale or report in the data; NULL when there is none."""
    times = transactions.select(F.col("event_time").alias("at")).unionAll(chargebacks.select("reported_at"))
    return times.agg(F.max("at").alias("newest"))
