"""Gold: the events behind the velocity of a card, as a stream; windows are merged from them when published and read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

WATERMARK = "3 days"


def customer_events(clean: DataFrame) -> DataFrame:
    """One row per ``transaction_id`` of a stream of clean transactions: the first to be seen, for a stream cannot take back.

    An event more than ``WATERMARK`` older than the newest of earlier micro-batches is late and left out (Spark counts it), so that
    the ids to remember stay few. Where one micro-batch brings an id twice, either row may be kept.
    """
    first = clean.withWatermark("event_time", WATERMARK).dropDuplicatesWithinWatermark(["transaction_id"])
    return first.select("customer_id", F.col("event_time").alias("as_of"), "transaction_id", "amount")
