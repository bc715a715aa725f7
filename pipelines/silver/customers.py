"""Silver customers: the typed change feed; AUTO CDC keeps every version of a customer (SCD2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.silver.arrival import arrival
from pipelines.silver.parsed import optional_text, parsed_text, parsed_time, parsed_value

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def typed_customers(landed: DataFrame) -> DataFrame:
    """One typed change per landed line; attributes of a DELETE are NULL, as are values that cannot be read."""
    return landed.select(
        parsed_text("operation"),
        parsed_value("sequence", "bigint"),
        parsed_time("changed_at"),
        parsed_text("customer_id"),
        optional_text(landed, "full_name"),
        optional_text(landed, "email"),
        parsed_value("email_verified", "boolean"),
        parsed_text("home_country"),
        parsed_time("created_at"),
        *arrival(landed, raw=("sequence", "changed_at", "email_verified", "created_at")),
    )
