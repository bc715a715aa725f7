"""Scorers of card transactions: pure functions of a transaction's row with its features, from harmless (0) to suspicious (1).

``goldlane-score`` joins the features to the rows as ``<table>__<feature>``, as they were known just before the transaction, and is given
these functions by name: ``features.scorers:merchant_risk``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# What a card does in one hour when it was stolen, in the sample as in the literature: a burst of small sales.
BURST = 4
_USUAL = 1.0


def merchant_risk(transactions: DataFrame) -> Column:  # noqa: ARG001  every scorer is given the rows
    """The share of the merchant's sales that were reported as fraud in 30 days, at most 1; 0 for a merchant of whom nothing is known."""
    return F.least(F.coalesce(F.col("merchant_features__fraud_rate_30d"), F.lit(0.0)), F.lit(1.0))


def card_velocity(transactions: DataFrame) -> Column:  # noqa: ARG001  every scorer is given the rows
    """How near the card's sales of the last hour come to a burst, times how far the amount lies above what the customer usually pays.

    0 for a card that was not used in that hour; an amount of four times the mean of 30 days, or a customer without any, counts in full.
    """
    pace = F.coalesce(F.col("real_time_features__txn_count_1h"), F.lit(0)) / F.lit(BURST)
    usual = F.col("customer_features__avg_txn_amount_30d")
    excess = F.coalesce(F.col("amount").cast("double") / usual / F.lit(BURST), F.lit(_USUAL))
    return F.least(pace, F.lit(1.0)) * F.least(excess, F.lit(_USUAL))
