"""What an agent is told about one entity, typed; names and meanings are those of the feature tables."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, Literal

from features.customer import CUSTOMER_FEATURES
from features.merchant import MERCHANT_FEATURES
from features.real_time import REAL_TIME_FEATURES
from goldlane.features.contexts import Context, JointContext

if TYPE_CHECKING:
    from goldlane.features import FeatureTable


class MerchantContext(Context):
    """A merchant, as an agent sees it before it trusts a sale."""

    table: ClassVar[FeatureTable] = MERCHANT_FEATURES

    merchant_id: str
    risk_tier: Literal["low", "medium", "high"] | None
    weekly_velocity: int | None
    avg_daily_txns_30d: float | None
    avg_txn_amount_30d: float | None
    unique_customers_30d: int | None
    fraud_rate_30d: float | None
    chargeback_rate_90d: float | None


class CustomerContext(Context):
    """A customer, as an agent sees them before it answers for a payment."""

    table: ClassVar[FeatureTable] = CUSTOMER_FEATURES

    customer_id: str
    account_age_days: int | None
    email_verified: bool | None
    home_country: str | None
    txn_count_1d: int | None
    txn_count_7d: int | None
    txn_count_30d: int | None
    avg_txn_amount_1d: float | None
    avg_txn_amount_7d: float | None
    avg_txn_amount_30d: float | None
    distinct_merchants_30d: int | None
    night_share_30d: float | None
    foreign_share_30d: float | None
    seconds_since_last_txn: float | None


class RealTimeContext(Context):
    """How fast a card is being used, up to the moment of the lookup."""

    table: ClassVar[FeatureTable] = REAL_TIME_FEATURES

    customer_id: str
    txn_count_5m: int | None
    txn_amount_5m: Decimal | None
    txn_count_1h: int | None
    txn_amount_1h: Decimal | None
    txn_count_24h: int | None
    txn_amount_24h: Decimal | None


class PaymentContext(JointContext):
    """Both sides of a payment and the card's velocity, at one moment: what a narrative about its risk rests on."""

    merchant: MerchantContext
    customer: CustomerContext
    velocity: RealTimeContext
