"""Feast's offline store on Spark as a peer of ``as_of_join.py``, in an environment of its own: one join per line of stdin.

    python benchmarks/peers/feast_as_of.py MEMORY

A line is a folder with ``labels`` and ``features`` in Parquet; the answer is a line with the seconds and the JVM's CPU seconds.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import warnings
from pathlib import Path

from feast import Entity, FeatureStore, FeatureView, Field, RepoConfig
from feast.infra.offline_stores.contrib.spark_offline_store.spark import SparkOfflineStoreConfig
from feast.infra.offline_stores.contrib.spark_offline_store.spark_source import SparkSource
from feast.types import Float64, Int64, String
from feast.value_type import ValueType
from pyspark.sql import SparkSession

FEATURES = {"tx_count": Int64, "risk": Float64, "tier": String}


def main() -> None:
    """Answers until stdin ends."""
    warnings.simplefilter("ignore")
    os.chdir(tempfile.mkdtemp(prefix="feast-"))  # Feast leaves its online store in the current folder
    settings = {"spark.ui.enabled": "false", "spark.driver.memory": sys.argv[1], "spark.sql.shuffle.partitions": "4"}
    builder = SparkSession.builder.master("local[2]")
    for key, value in {**settings, "spark.sql.session.timeZone": "UTC", "spark.ui.showConsoleProgress": "false"}.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    for line in sys.stdin:
        folder = Path(line.strip())
        store = _store(folder)
        started, used = time.perf_counter(), _cpu_seconds(spark)
        labels = spark.read.parquet(str(folder / "labels")).withColumnRenamed("asked_at", "event_timestamp")
        job = store.get_historical_features(entity_df=labels, features=[f"cards:{name}" for name in FEATURES])
        job.to_spark_df().write.format("noop").mode("overwrite").save()
        print("took", time.perf_counter() - started, _cpu_seconds(spark) - used, flush=True)


def _store(folder: Path) -> FeatureStore:
    offline = SparkOfflineStoreConfig(type="spark", spark_conf={})
    config = RepoConfig(
        project="as_of",
        provider="local",
        registry=str(Path.cwd() / "registry.db"),
        offline_store=offline,
        entity_key_serialization_version=3,
    )
    store = FeatureStore(config=config)
    card = Entity(name="card", join_keys=["card"], value_type=ValueType.STRING)
    source = SparkSource(name="cards_source", path=str(folder / "features"), file_format="parquet", timestamp_field="as_of")
    schema = [Field(name="card", dtype=String), *(Field(name=name, dtype=kind) for name, kind in FEATURES.items())]
    store.apply([card, FeatureView(name="cards", entities=[card], ttl=None, schema=schema, source=source)])
    return store


def _cpu_seconds(spark: SparkSession) -> float:
    process = spark.sparkContext._gateway.proc.pid  # noqa: SLF001  pyspark keeps it to itself
    user, system = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
