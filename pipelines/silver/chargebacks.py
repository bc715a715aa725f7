"""Silver chargebacks: the labels, each known from the moment it was reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.silver.arrival import arrival
from pipelines.silver.parsed import parsed_text, parsed_time

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def typed_chargebacks(landed: DataFrame) -> DataFrame:
    """One typed row per landed line; a time that cannot be read is NULL."""
    return landed.select(
        parsed_text("transaction_id"),
        parsed_time("reported_at"),
        parsed_text("reason"),
        *arrival(landed, raw=("reported_at",)),
    )
