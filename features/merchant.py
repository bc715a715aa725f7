"""What is known about a merchant, day by day: activity, fraud reported against it, and the tier an agent acts on."""

from __future__ import annotations

from goldlane.features import Feature, FeatureTable, Rolling

_SALES = "kind = 'sale'"
_CHARGEBACKS = "kind = 'chargeback'"

HIGH_RISK = 0.05
MEDIUM_RISK = 0.02

MERCHANT_FEATURES = FeatureTable(
    name="merchant_features",
    description="Activity and reported fraud of a merchant, one row per day on which it sold or a chargeback was reported.",
    keys=("merchant_id",),
    event_time="as_of",
    features=(
        Feature(
            name="risk_tier",
            type="STRING",
            description=f"high above a fraud_rate_30d of {HIGH_RISK}, medium above {MEDIUM_RISK}, else low; low without transactions",
        ),
        Feature(
            name="weekly_velocity",
            type="BIGINT",
            unit="transactions",
            description="Transactions of the last 7 days",
            rolling=Rolling(function="count", where=_SALES, window="7d"),
        ),
        Feature(
            name="avg_daily_txns_30d",
            type="DOUBLE",
            unit="transactions per day",
            description="Transactions of the last 30 days, divided by 30: days without any count as zero",
        ),
        Feature(
            name="avg_txn_amount_30d",
            type="DOUBLE",
            unit="currency of the transaction",
            description="Mean amount over the transactions of the last 30 days; currencies are not converted; NULL without transactions",
        ),
        Feature(
            name="unique_customers_30d",
            type="BIGINT",
            unit="customers",
            description="Different customers in the last 30 days, counted exactly",
            rolling=Rolling(function="count_distinct", column="customer_id", where=_SALES, window="30d"),
        ),
        Feature(
            name="fraud_rate_30d",
            type="DOUBLE",
            unit="chargebacks per transaction",
            description="Chargebacks for fraud reported in the last 30 days per transaction of these days; NULL without transactions",
        ),
        Feature(
            name="chargeback_rate_90d",
            type="DOUBLE",
            unit="chargebacks per transaction",
            description="Chargebacks of any reason reported in the last 90 days per transaction of these days; NULL without transactions",
        ),
    ),
)

# What the means and rates are made of: kept apart, for a ratio of windows is not itself a window.
MERCHANT_PARTS = (
    Rolling(name="txn_count_30d", function="count", where=_SALES, window="30d"),
    Rolling(name="txn_amount_30d", function="sum", column="amount", where=_SALES, window="30d"),
    Rolling(name="frauds_30d", function="count", where=f"{_CHARGEBACKS} AND reason = 'fraud'", window="30d"),
    Rolling(name="txn_count_90d", function="count", where=_SALES, window="90d"),
    Rolling(name="chargebacks_90d", function="count", where=_CHARGEBACKS, window="90d"),
)
