"""Gold: customer_features, declared in ``features/customer.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dlt

from expectations import CUSTOMER_HISTORY
from features.customer import CUSTOMER_FEATURES
from pipelines.gold import customer_features as gold

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dlt.table(name=CUSTOMER_FEATURES.name, comment=CUSTOMER_FEATURES.description, schema=CUSTOMER_FEATURES.ddl())
@dlt.expect_all(CUSTOMER_HISTORY.warn)
@dlt.expect_all_or_fail(CUSTOMER_HISTORY.fail)
def customer_features() -> DataFrame:
    """A materialized view: late sales, reports and versions change earlier days."""
    return gold.customer_features(dlt.read("silver_transactions"), dlt.read("silver_chargebacks"), dlt.read("silver_customers"))
