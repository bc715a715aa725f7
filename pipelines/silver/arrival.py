"""Where a silver row came from: what orders its deliveries and explains a quarantined row, and stays out of the silver tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_READER = ("_corrupt_record", "_rescued_data")
_PLACE = ("_file_modified_at", "_source_file", "_block_start", "_row")

ARRIVAL = (*_READER, "_raw", *_PLACE, "_ingested_at")


def arrival(landed: DataFrame, *, raw: tuple[str, ...]) -> list[Column]:
    """The columns of ``ARRIVAL``; ``_raw`` keeps the text of the columns that typing may turn into NULL.

    What the reader sets aside (``_corrupt_record``, ``_rescued_data``) is NULL where the reader was not asked to.
    """
    set_aside = [F.col(name) if name in landed.columns else F.lit(None).cast("string").alias(name) for name in _READER]
    return [*set_aside, F.struct(*raw).alias("_raw"), *(F.col(name) for name in (*_PLACE, "_ingested_at"))]


def order_of_arrival() -> Column:
    """File by modification time, then by path, then the row's place in it: total, and the same at every refresh."""
    return F.struct(*_PLACE)
