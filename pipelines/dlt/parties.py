"""Silver customers (every version, SCD2) and merchants (the newest, SCD1) from their change feeds, and the changes that broke a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dlt
from pyspark.sql import functions as F

from expectations import CUSTOMERS, MERCHANTS
from goldlane.expectations import split
from goldlane.features import without_forgotten
from pipelines.silver.arrival import ARRIVAL
from pipelines.silver.customers import typed_customers
from pipelines.silver.merchants import typed_merchants

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

CHANGE = ("operation", "sequence", "changed_at")


def remembered_customer_changes() -> DataFrame:
    """Every typed change of customers that nobody asked to forget."""
    return without_forgotten(dlt.read_stream("bronze_customers").transform(typed_customers), dlt.read("forgotten"), "customer_id")


def remembered_merchant_changes() -> DataFrame:
    """Every typed change of merchants that nobody asked to forget."""
    return without_forgotten(dlt.read_stream("bronze_merchants").transform(typed_merchants), dlt.read("forgotten"), "merchant_id")


@dlt.view(name="clean_customer_changes", comment="Typed changes of customers that broke no rule, in any order.")
@dlt.expect_all(CUSTOMERS.warn)
@dlt.expect_all_or_drop(CUSTOMERS.drop)
def clean_customer_changes() -> DataFrame:
    """What AUTO CDC reads."""
    return remembered_customer_changes()


@dlt.view(name="clean_merchant_changes", comment="Typed changes of merchants that broke no rule, in any order.")
@dlt.expect_all(MERCHANTS.warn)
@dlt.expect_all_or_drop(MERCHANTS.drop)
def clean_merchant_changes() -> DataFrame:
    """What AUTO CDC reads."""
    return remembered_merchant_changes()


dlt.create_streaming_table(
    name="silver_customers",
    comment="Every version of a customer, valid from __START_AT.changed_at until before __END_AT.changed_at.",
)

dlt.create_auto_cdc_flow(
    target="silver_customers",
    source="clean_customer_changes",
    keys=["customer_id"],
    # The time first, so that a version's __START_AT.changed_at is when it became true; the sequence breaks its ties.
    sequence_by=F.struct("changed_at", "sequence"),
    apply_as_deletes=F.expr("operation = 'DELETE'"),
    except_column_list=[*CHANGE, *ARRIVAL],
    stored_as_scd_type=2,
)

dlt.create_streaming_table(
    name="silver_merchants",
    comment="One row per merchant: its newest version; deleted merchants are gone.",
)

dlt.create_auto_cdc_flow(
    target="silver_merchants",
    source="clean_merchant_changes",
    keys=["merchant_id"],
    sequence_by=F.struct("changed_at", "sequence"),
    apply_as_deletes=F.expr("operation = 'DELETE'"),
    except_column_list=[*CHANGE, *ARRIVAL],
    stored_as_scd_type=1,
)


@dlt.table(name="silver_customers_quarantine", comment="Changes of customers that broke a rule, as they came, and which rules they broke.")
def silver_customers_quarantine() -> DataFrame:
    """The other half of ``clean_customer_changes``."""
    return split(remembered_customer_changes(), CUSTOMERS).quarantined


@dlt.table(name="silver_merchants_quarantine", comment="Changes of merchants that broke a rule, as they came, and which rules they broke.")
def silver_merchants_quarantine() -> DataFrame:
    """The other half of ``clean_merchant_changes``."""
    return split(remembered_merchant_changes(), MERCHANTS).quarantined
