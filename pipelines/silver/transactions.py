"""Silver transactions: typed, one row as it came for one row out; the rules and AUTO CDC do the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.silver.arrival import arrival
from pipelines.silver.parsed import optional_text, parsed_text, parsed_time, parsed_value

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def typed_transactions(landed: DataFrame) -> DataFrame:
    """One typed row per landed line, in any order; what cannot be read is NULL and its text stays in ``_raw``.

    Columns that sources bring late or never (``channel``, ``entry_mode``, ``mcc``, ``device_id``) are NULL until they come;
    a missing column that a rule or a feature cannot do without is an AnalysisException that names it.
    """
    return landed.select(
        parsed_text("transaction_id"),
        parsed_text("customer_id"),
        parsed_text("merchant_id"),
        parsed_value("amount", "decimal(18,2)"),
        parsed_text("currency"),
        parsed_time("event_time"),
        optional_text(landed, "channel"),
        optional_text(landed, "entry_mode"),
        optional_text(landed, "mcc"),
        parsed_text("card_country"),
        parsed_text("merchant_country"),
        optional_text(landed, "device_id"),
        *arrival(landed, raw=("amount", "event_time")),
    )
