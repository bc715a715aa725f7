"""What an update costs when nothing has arrived: `python benchmarks/idle_update.py [--datasets 10]`.

A pipeline of Auto Loader, streaming tables with rules, AUTO CDC and materialized views is run until it is current, then again.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import statistics
import tempfile
import time
from pathlib import Path

import goldlane
from goldlane.session import local_spark

CHAIN = """
import dlt
from pyspark.sql import functions as F

def chain(n):
    @dlt.table(name=f"bronze_{n}")
    def bronze():
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        return reader.schema("id STRING, amount DOUBLE, day DATE, version INT").load(LANDING)

    @dlt.table(name=f"silver_{n}")
    @dlt.expect_or_drop("has_id", "id IS NOT NULL")
    @dlt.expect("is_positive", "amount > 0")
    def silver():
        return dlt.read_stream(f"bronze_{n}").withColumn("cents", (F.col("amount") * 100).cast("long"))

    dlt.create_streaming_table(f"orders_{n}")
    dlt.create_auto_cdc_flow(target=f"orders_{n}", source=f"silver_{n}", keys=["id"], sequence_by="version", stored_as_scd_type=1)

    @dlt.table(name=f"daily_{n}")
    @dlt.expect("is_sold", "orders > 0")
    def daily():
        return dlt.read(f"orders_{n}").groupBy("day").agg(F.count("*").alias("orders"), F.sum("cents").alias("cents"))

    @dlt.table(name=f"total_{n}")
    def total():
        return spark.sql(f"SELECT sum(orders) AS orders FROM daily_{n}")

for n in range(CHAINS):
    chain(n)
"""


def main() -> None:
    """Bring the pipeline up to date, then time updates that find nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=int, default=10)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--profile", action="store_true", help="where the time of the last run went (in the main thread)")
    asked = parser.parse_args()
    spark = local_spark()
    with tempfile.TemporaryDirectory() as folder:
        source, landing = Path(folder) / "idle.py", Path(folder) / "landing"
        landing.mkdir()
        (landing / "orders.json").write_text(json.dumps({"id": "o1", "amount": 1.5, "day": "2026-01-31", "version": 1}))
        source.write_text(f"LANDING, CHAINS = {str(landing)!r}, {asked.datasets // 5}\n{CHAIN}")
        seconds = []
        for number in range(asked.runs + 1):
            profile, started = cProfile.Profile(), time.perf_counter()
            if asked.profile and number == asked.runs:
                profile.enable()
            update = goldlane.run(source, storage=Path(folder) / "storage", spark=spark).raise_for_status()
            profile.disable()
            seconds.append(time.perf_counter() - started)
            rows, each = sum(dataset.output_rows for dataset in update.datasets), seconds[-1] / len(update.datasets)
            print(f"run {number}: {len(update.datasets)} datasets, {rows} rows, {seconds[-1]:.2f} s, {1000 * each:.0f} ms per dataset")
            if number == asked.runs:
                print({dataset.name: (dataset.status.value, round(dataset.seconds, 3)) for dataset in update.datasets})
        idle = statistics.median(seconds[1:])
        print(f"idle: median {idle:.2f} s, {1000 * idle / asked.datasets:.0f} ms per dataset")
        if asked.profile:
            pstats.Stats(profile).sort_stats("cumulative").print_stats(40)


if __name__ == "__main__":
    main()
