"""The feature tables, as frozen data, and the typed contexts an agent receives."""

from features.contexts import CustomerContext, MerchantContext, PaymentContext, RealTimeContext
from features.customer import CUSTOMER_FEATURES
from features.merchant import MERCHANT_FEATURES
from features.real_time import REAL_TIME_FEATURES
from features.sets import FEATURE_SETS, PAYMENT_CONTEXT

FEATURE_TABLES = (MERCHANT_FEATURES, CUSTOMER_FEATURES, REAL_TIME_FEATURES)

__all__ = [
    "CUSTOMER_FEATURES",
    "FEATURE_SETS",
    "FEATURE_TABLES",
    "MERCHANT_FEATURES",
    "PAYMENT_CONTEXT",
    "REAL_TIME_FEATURES",
    "CustomerContext",
    "MerchantContext",
    "PaymentContext",
    "RealTimeContext",
]
