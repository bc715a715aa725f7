"""A bronze, silver, gold chain of 5 million rows, by Goldlane and by hand: `python benchmarks/runtime_overhead.py [--rows N] [--runs 3]`.

The peer is Spark and Delta at their best: streams straight into Delta's own sink (no foreachBatch), availableNow, no counts, no event log,
no planning, in the same session. Both read and write the same rows; they take turns, after a round of each that is not counted.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import goldlane
from goldlane.session import local_spark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

LANE = """
import dlt
from pyspark.sql import functions as F

@dlt.table
def bronze():
    return spark.readStream.table("raw.payments").withColumn("ingested_at", F.current_timestamp())

@dlt.table
def silver():
    typed = dlt.read_stream("bronze").withColumn("day", F.to_date("at")).withColumn("cents", (F.col("amount") * 100).cast("long"))
    return typed.where("amount > 0").drop("amount")

@dlt.table
def gold():
    return dlt.read("silver").groupBy("account", "day").agg(F.count("*").alias("payments"), F.sum("cents").alias("cents"))
"""


def by_hand(spark: SparkSession, raw: Path, folder: Path) -> None:
    """The same chain, as one writes it without a runtime."""
    from pyspark.sql import functions as F

    def table(name: str) -> str:
        return str(folder / name)

    def stream(frame: DataFrame, name: str) -> None:
        writer = frame.writeStream.format("delta").option("checkpointLocation", table(f"checkpoints/{name}"))
        writer.trigger(availableNow=True).start(table(name)).awaitTermination()

    rows = spark.readStream.format("delta").load(str(raw))
    stream(rows.withColumn("ingested_at", F.current_timestamp()), "bronze")
    bronze = spark.readStream.format("delta").load(table("bronze"))
    typed = bronze.withColumn("day", F.to_date("at")).withColumn("cents", (F.col("amount") * 100).cast("long"))
    stream(typed.where("amount > 0").drop("amount"), "silver")
    silver = spark.read.format("delta").load(table("silver"))
    gold = silver.groupBy("account", "day").agg(F.count("*").alias("payments"), F.sum("cents").alias("cents"))
    gold.write.format("delta").mode("overwrite").save(table("gold"))


def by_goldlane(spark: SparkSession, raw: Path, folder: Path) -> None:
    """The chain as a pipeline."""
    source = folder / "lane.py"
    folder.mkdir()
    source.write_text(LANE)
    update = goldlane.run(source, storage=folder / "storage", spark=spark, inputs={"raw.payments": str(raw)}).raise_for_status()
    print("   ", {dataset.name: f"{dataset.seconds:.2f} s" for dataset in update.datasets})


def write_raw(spark: SparkSession, rows: int, raw: Path) -> None:
    """Payments of 50,000 accounts over 90 days, in eight files."""
    from pyspark.sql import functions as F

    columns = {
        "id": F.concat(F.lit("p"), F.col("id")),
        "account": F.concat(F.lit("a"), F.pmod(F.hash("id"), F.lit(50_000))),
        "amount": (F.pmod(F.hash("id", F.lit(1)), F.lit(20_000)) / 100 - 1).cast("double"),
        "at": F.timestamp_seconds(1_760_000_000 + F.pmod(F.hash("id", F.lit(2)), F.lit(90 * 86_400))),
        "country": F.element_at(F.array(*map(F.lit, ("DE", "FR", "IT", "ES", "PL"))), F.pmod(F.hash("id"), F.lit(5)) + 1),
        "text": F.sha1(F.col("id").cast("string")),
    }
    spark.range(0, rows, 1, 8).select(*(column.alias(name) for name, column in columns.items())).write.format("delta").save(str(raw))


def timed(run: Callable[[SparkSession, Path, Path], None], spark: SparkSession, raw: Path, folder: Path) -> float:
    """Seconds of one run into a folder of its own, which is gone afterwards."""
    started = time.perf_counter()
    run(spark, raw, folder)
    seconds = time.perf_counter() - started
    shutil.rmtree(folder)
    return seconds


def main() -> None:
    """Time both, and print the medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    spark = local_spark(**{"spark.driver.memory": "3g"})
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_raw(spark, asked.rows, folder / "raw")
        contestants = {"by hand": by_hand, "goldlane": by_goldlane}
        seconds: dict[str, list[float]] = {name: [] for name in contestants}
        for number in range(asked.runs + 1):
            for name, run in contestants.items():
                took = timed(run, spark, folder / "raw", folder / f"{name.replace(' ', '_')}_{number}")
                print(f"{'warm-up' if number == 0 else f'run {number}'}: {name} {took:.2f} s")
                seconds[name] += [took] if number else []
        medians = {name: statistics.median(found) for name, found in seconds.items()}
        ratio = medians["goldlane"] / medians["by hand"]
        print(f"{asked.rows:,} rows: by hand {medians['by hand']:.2f} s, goldlane {medians['goldlane']:.2f} s, overhead {ratio - 1:+.1%}")


if __name__ == "__main__":
    main()
