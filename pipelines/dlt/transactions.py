"""Silver transactions: the clean rows, one per ``transaction_id``, and the others with their reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dlt

from expectations import TRANSACTIONS
from goldlane.expectations import split
from goldlane.features import without_forgotten
from pipelines.silver.arrival import ARRIVAL, order_of_arrival
from pipelines.silver.transactions import typed_transactions

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def remembered_transactions() -> DataFrame:
    """Every typed transaction of customers and merchants that nobody asked to forget."""
    rows = dlt.read_stream("bronze_transactions").transform(typed_transactions)
    return without_forgotten(rows, dlt.read("forgotten"), "customer_id", "merchant_id")


@dlt.view(name="clean_transactions", comment="Typed transactions that broke no rule, resends included.")
@dlt.expect_all(TRANSACTIONS.warn)
@dlt.expect_all_or_drop(TRANSACTIONS.drop)
def clean_transactions() -> DataFrame:
    """What AUTO CDC and the real-time stream read."""
    return remembered_transactions()


dlt.create_streaming_table(
    name="silver_transactions",
    comment="One clean row per card transaction; the latest ingestion of a transaction_id wins.",
)

dlt.create_auto_cdc_flow(
    target="silver_transactions",
    source="clean_transactions",
    keys=["transaction_id"],
    sequence_by=order_of_arrival(),
    except_column_list=[*ARRIVAL],
    stored_as_scd_type=1,
)


@dlt.table(name="silver_transactions_quarantine", comment="Transactions that broke a rule, as they came, and which rules they broke.")
def silver_transactions_quarantine() -> DataFrame:
    """The other half of ``clean_transactions``."""
    return split(remembered_transactions(), TRANSACTIONS).quarantined
