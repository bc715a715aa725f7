"""The session that micro-batches of a few rows run in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from goldlane.session import local_spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# What a micro-batch costs is its tasks, its files and its plans, not its rows.
_CONF = {
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.streaming.noDataMicroBatches.enabled": "false",
    "spark.sql.streaming.minBatchesToRetain": "20",
    "spark.sql.streaming.stateStore.maintenanceInterval": "300s",
}


def live_session(configuration: Mapping[str, str]) -> SparkSession:
    """The local session, set up for small micro-batches; ``configuration`` is what ``spark.conf.get`` answers, Spark's own settings too."""
    spark = local_spark(**{**_CONF, **{key: value for key, value in configuration.items() if key.startswith("spark.")}})
    for key, value in configuration.items():
        if not key.startswith("spark."):
            spark.conf.set(key, value)
    return spark
