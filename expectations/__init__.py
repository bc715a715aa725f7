"""The rules of each table, as frozen data: pipelines enforce them, reports and publishing read them."""

from expectations.chargebacks import CHARGEBACKS
from expectations.customers import CUSTOMERS
from expectations.merchants import MERCHANTS
from expectations.transactions import TRANSACTIONS

RULES = {
    "silver_transactions": TRANSACTIONS,
    "silver_customers": CUSTOMERS,
    "silver_merchants": MERCHANTS,
    "silver_chargebacks": CHARGEBACKS,
}

__all__ = ["CHARGEBACKS", "CUSTOMERS", "MERCHANTS", "RULES", "TRANSACTIONS"]
