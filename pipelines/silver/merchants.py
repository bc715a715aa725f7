"""Silver merchants: the typed change feed; AUTO CDC keeps the newest version of a merchant (SCD1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.silver.arrival import arrival
from pipelines.silver.parsed import parsed_text, parsed_time, parsed_value

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def typed_merchants(landed: DataFrame) -> DataFrame:
    """One typed change per landed line; attributes of a DELETE are NULL, as are values that cannot be read."""
    return landed.select(
        parsed_text("operation"),
        parsed_value("sequence", "bigint"),
        parsed_time("changed_at"),
        parsed_text("merchant_id"),
        parsed_text("name"),
        parsed_text("mcc"),
        parsed_text("country"),
        parsed_time("onboarded_at"),
        *arrival(landed, raw=("sequence", "changed_at", "onboarded_at")),
    )
