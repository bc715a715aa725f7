"""Silver chargebacks: the newest report of each transaction, and the reports that broke a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dlt

from expectations import CHARGEBACKS
from goldlane.expectations import split
from pipelines.silver.arrival import ARRIVAL, order_of_arrival
from pipelines.silver.chargebacks import typed_chargebacks

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dlt.view(name="clean_chargebacks", comment="Typed chargebacks that broke no rule.")
@dlt.expect_all(CHARGEBACKS.warn)
@dlt.expect_all_or_drop(CHARGEBACKS.drop)
def clean_chargebacks() -> DataFrame:
    """What AUTO CDC reads."""
    return dlt.read_stream("bronze_chargebacks").transform(typed_chargebacks)


dlt.create_streaming_table(
    name="silver_chargebacks",
    comment="One row per transaction that was charged back; it counts from reported_at. The latest ingestion wins.",
)

dlt.create_auto_cdc_flow(
    target="silver_chargebacks",
    source="clean_chargebacks",
    keys=["transaction_id"],
    sequence_by=order_of_arrival(),
    except_column_list=[*ARRIVAL],
    stored_as_scd_type=1,
)


@dlt.table(name="silver_chargebacks_quarantine", comment="Chargebacks that broke a rule, as they came, and which rules they broke.")
def silver_chargebacks_quarantine() -> DataFrame:
    """The other half of ``clean_chargebacks``."""
    return split(dlt.read_stream("bronze_chargebacks").transform(typed_chargebacks), CHARGEBACKS).quarantined
