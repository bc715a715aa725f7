"""What is known about a customer, day by day: the account, and how the card was used."""

from __future__ import annotations

from goldlane.features import Feature, FeatureTable, Rolling

_SALES = "kind = 'sale'"
_DAYS = (1, 7, 30)


def _txn_count(days: int) -> Feature:
    return Feature(
        name=f"txn_count_{days}d",
        type="BIGINT",
        unit="transactions",
        description=f"Transactions of the last {days * 24} hours" if days == 1 else f"Transactions of the last {days} days",
        rolling=Rolling(function="count", where=_SALES, window=f"{days}d"),
    )


def _avg_txn_amount(days: int) -> Feature:
    return Feature(
        name=f"avg_txn_amount_{days}d",
        type="DOUBLE",
        unit="currency of the transaction",
        description=f"Mean amount over the transactions that txn_count_{days}d counts; currencies are not converted; NULL without any",
    )


CUSTOMER_FEATURES = FeatureTable(
    name="customer_features",
    description="The account and card use of a customer, one row per day on which the card was used or a chargeback was reported.",
    keys=("customer_id",),
    event_time="as_of",
    features=(
        Feature(
            name="account_age_days",
            type="INT",
            unit="days",
            description="Whole days (24 h) since the account was opened; NULL for a customer unknown at that time",
        ),
        Feature(
            name="email_verified",
            type="BOOLEAN",
            description="Whether the e-mail address was verified at that time; NULL for a customer unknown then",
        ),
        Feature(
            name="home_country",
            type="STRING",
            unit="ISO 3166 alpha-2",
            description="Country of residence at that time; NULL for a customer unknown then",
        ),
        *(_txn_count(days) for days in _DAYS),
        *(_avg_txn_amount(days) for days in _DAYS),
        Feature(
            name="distinct_merchants_30d",
            type="BIGINT",
            unit="merchants",
            description="Different merchants in the last 30 days, counted exactly",
            rolling=Rolling(function="count_distinct", column="merchant_id", where=_SALES, window="30d"),
        ),
        Feature(
            name="night_share_30d",
            type="DOUBLE",
            unit="share of transactions",
            description="Transactions before 07:00 UTC among those of the last 30 days; NULL without any",
        ),
        Feature(
            name="foreign_share_30d",
            type="DOUBLE",
            unit="share of transactions",
            description="Transactions in another country than that of the card among those of the last 30 days; NULL without any",
        ),
        Feature(
            name="seconds_since_last_txn",
            type="DOUBLE",
            unit="s",
            description="Time since the newest transaction, however old; NULL before the first",
        ),
    ),
)

# What the means and shares are made of: kept apart, for a ratio of windows is not itself a window.
CUSTOMER_PARTS = (
    *(Rolling(name=f"txn_amount_{days}d", function="sum", column="amount", where=_SALES, window=f"{days}d") for days in _DAYS),
    Rolling(name="night_txns_30d", function="count", where=f"{_SALES} AND is_night", window="30d"),
    Rolling(name="foreign_txns_30d", function="count", where=f"{_SALES} AND is_foreign", window="30d"),
)
