"""How often the gold tables break the rules about a whole table, after each update: one row per table, a column per rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dlt

from expectations import CUSTOMER_HISTORY, MERCHANT_HISTORY
from goldlane.expectations import table_checks

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dlt.table(name="merchant_features_checks", comment="How often merchant_features breaks each rule about the whole of it.")
@dlt.expect_all(MERCHANT_HISTORY.table.warn | MERCHANT_HISTORY.table.fail)
def merchant_features_checks() -> DataFrame:
    """Counts only: a rule that must hold stops publishing, not the update that may mend it."""
    tables = {"silver_merchants": dlt.read("silver_merchants")}
    return table_checks(dlt.read("merchant_features"), MERCHANT_HISTORY, tables=tables)


@dlt.table(name="customer_features_checks", comment="How often customer_features breaks each rule about the whole of it.")
@dlt.expect_all(CUSTOMER_HISTORY.table.warn | CUSTOMER_HISTORY.table.fail)
def customer_features_checks() -> DataFrame:
    """Counts only: a rule that must hold stops publishing, not the update that may mend it."""
    tables = {"silver_customers": dlt.read("silver_customers")}
    return table_checks(dlt.read("customer_features"), CUSTOMER_HISTORY, tables=tables)
