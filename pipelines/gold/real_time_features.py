"""Gold: how fast a card is being used: its events as a stream, and the tiles from which windows are merged when they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from features.real_time import REAL_TIME_FEATURES
from goldlane.features import to_tiles

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


def customer_tiles(events: DataFrame) -> DataFrame:
    """One row per ``customer_id``, ``hop`` and ``tile``: what the windows declared in ``features/real_time.py`` are merged from."""
    return to_tiles(events, REAL_TIME_FEATURES.rollings, keys=REAL_TIME_FEATURES.keys, time=REAL_TIME_FEATURES.event_time)
