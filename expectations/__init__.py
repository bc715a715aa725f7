"""The rules of each table, as frozen data: pipelines enforce them, reports and publishing read them."""

from expectations.chargebacks import CHARGEBACKS
from expectations.customer_features import CUSTOMER_HISTORY
from expectations.customers import CUSTOMERS
from expectations.merchant_features import MERCHANT_HISTORY
from expectations.merchants import MERCHANTS
from expectations.transactions import TRANSACTIONS

RULES = {
    "silver_transactions": TRANSACTIONS,
    "silver_customers": CUSTOMERS,
    "silver_merchants": MERCHANTS,
    "silver_chargebacks": CHARGEBACKS,
    "merchant_features": MERCHANT_HISTORY,
    "customer_features": CUSTOMER_HISTORY,
}

__all__ = ["CHARGEBACKS", "CUSTOMERS", "CUSTOMER_HISTORY", "MERCHANTS", "MERCHANT_HISTORY", "RULES", "TRANSACTIONS"]
