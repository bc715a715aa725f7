"""Gold: merchant_features, declared in ``features/merchant.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dlt

from expectations import MERCHANT_HISTORY
from features.merchant import MERCHANT_FEATURES
from pipelines.gold import merchant_features as gold

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dlt.table(name=MERCHANT_FEATURES.name, comment=MERCHANT_FEATURES.description, schema=MERCHANT_FEATURES.ddl())
@dlt.expect_all(MERCHANT_HISTORY.warn)
@dlt.expect_all_or_fail(MERCHANT_HISTORY.fail)
def merchant_features() -> DataFrame:
    """A materialized view: late sales and reports change earlier days."""
    return gold.merchant_features(dlt.read("silver_transactions"), dlt.read("silver_chargebacks"))
