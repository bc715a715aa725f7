"""Gold: real_time_features, the events, and real_time_features_tiles: the windows of ``features/real_time.py`` are merged from these."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dlt

from features.real_time import REAL_TIME_FEATURES
from pipelines.gold.real_time_features import customer_events, customer_tiles

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dlt.table(name="real_time_features", comment=REAL_TIME_FEATURES.description)
def real_time_features() -> DataFrame:
    """A stream over bronze, for silver_transactions changes and cannot be streamed."""
    return dlt.read_stream("clean_transactions").transform(customer_events)


# A reader of whole tiles skips the instants; publishing reads only what changed.
@dlt.table(
    name=REAL_TIME_FEATURES.source,
    comment="Partial aggregates per card and tile: hop and tile say which, at is the newest event in it.",
    partition_cols=["hop"],
    table_properties={"delta.enableChangeDataFeed": "true"},
)
def real_time_features_tiles() -> DataFrame:
    """A materialized view; an event changes the tiles it falls in, and no other."""
    return dlt.read("real_time_features").transform(customer_tiles)
