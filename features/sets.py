"""What an agent asks for in one call."""

from __future__ import annotations

from features.customer import CUSTOMER_FEATURES
from features.merchant import MERCHANT_FEATURES
from features.real_time import REAL_TIME_FEATURES
from goldlane.features import FeatureSet

PAYMENT_CONTEXT = FeatureSet(
    name="payment_context",
    description="A payment as it comes in: the merchant, the customer, and how fast the card is being used right now.",
    tables=tuple(table.name for table in (MERCHANT_FEATURES, CUSTOMER_FEATURES, REAL_TIME_FEATURES)),
)

FEATURE_SETS = (PAYMENT_CONTEXT,)
