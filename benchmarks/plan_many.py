"""How long a pipeline of many datasets takes to plan: `python benchmarks/plan_many.py [--datasets 200]`."""

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

# Five datasets a chain: Auto Loader, rules, a view, SQL, AUTO CDC; all spellings of a read.
CHAIN = """
import dlt
from pyspark.sql import functions as F

def chain(n):
    @dlt.table(name=f"bronze_{n}", comment=f"Orders of shop {n} as they came.")
    def bronze():
        if SOURCE == "delta":
            return spark.readStream.table("raw.orders")
        reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        return reader.schema("id STRING, shop STRING, amount DOUBLE, at TIMESTAMP, version INT").load(LANDING)

    @dlt.table(name=f"silver_{n}", comment=f"Orders of shop {n} that can be.")
    @dlt.expect_or_drop("has_id", "id IS NOT NULL")
    @dlt.expect("is_positive", "amount > 0")
    def silver():
        return dlt.read_stream(f"bronze_{n}").withColumn("day", F.to_date("at"))

    @dlt.view(name=f"recent_{n}")
    def recent():
        return spark.readStream.table(f"silver_{n}").where("version > 0")

    dlt.create_streaming_table(f"orders_{n}")
    dlt.create_auto_cdc_flow(target=f"orders_{n}", source=f"recent_{n}", keys=["id"], sequence_by="version", stored_as_scd_type=1)

    @dlt.table(name=f"gold_{n}", comment=f"Sales per day of shop {n}.")
    def gold():
        return spark.sql(f"WITH sold AS (SELECT * FROM orders_{n}) SELECT day, sum(amount) AS amount FROM sold GROUP BY day")

for n in range(CHAINS):
    chain(n)
"""


def main() -> None:
    """Plan the same pipeline several times in one session, and print each time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=int, default=200)
    parser.add_argument("--source", choices=["cloudFiles", "delta"], default="cloudFiles", help="what each bronze table reads")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--profile", action="store_true", help="where the time of the last run went")
    asked = parser.parse_args()
    session = time.perf_counter()
    spark = local_spark()
    print(f"session {time.perf_counter() - session:.1f} s")
    with tempfile.TemporaryDirectory() as folder:
        source, landing = Path(folder) / "many.py", Path(folder) / "landing"
        landing.mkdir()
        (landing / "orders.json").write_text(json.dumps({"id": "o1"}))
        source.write_text(f"SOURCE, LANDING, CHAINS = {asked.source!r}, {str(landing)!r}, {asked.datasets // 5}\n{CHAIN}")
        columns = "SELECT '' id, '' shop, 1D amount, timestamp'2026-01-31' at, 1 version"
        spark.sql(columns).write.format("delta").save(f"{folder}/raw")
        seconds = []
        for number in range(asked.runs):
            profile = cProfile.Profile()
            started = time.perf_counter()
            if asked.profile and number == asked.runs - 1:
                profile.enable()
            update = goldlane.run(
                source, storage=Path(folder) / "storage", spark=spark, validate_only=True, inputs={"raw.orders": f"{folder}/raw"}
            )
            profile.disable()
            seconds.append(time.perf_counter() - started)
            print(f"run {number + 1}: {len(update.datasets)} datasets planned in {seconds[-1]:.1f} s")
        print(f"first {seconds[0]:.1f} s, median {statistics.median(seconds):.1f} s")
        if asked.profile:
            pstats.Stats(profile).sort_stats("cumulative").print_stats(45)


if __name__ == "__main__":
    main()
