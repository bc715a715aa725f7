"""Auto Loader beside Spark's own file stream: many rows in few files, and few new files among very many.

    python benchmarks/auto_loader.py [--rows 1000000] [--files 100000] [--rounds 3] [--memory 3g]

Both sides write a Delta table by an availableNow query. The peer is `readStream.schema(...).json(...)` with foreachBatch, its best setting:
it infers nothing, keeps no rescued data, and fails to notice a new column. Rounds take turns, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import goldlane
from goldlane.session import local_spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SCHEMA = "id BIGINT, customer STRING, amount DOUBLE, currency STRING, city STRING"
SOURCE = """
import dlt

@dlt.table
def landed():
    reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
    return reader.option("cloudFiles.schemaHints", {schema!r}).load({landing!r})
"""


def main() -> None:
    """Prints seconds and ratios of both cases."""
    options = _options()
    spark = local_spark(**{"spark.master": "local[2]", "spark.driver.memory": options.memory})
    with tempfile.TemporaryDirectory(prefix="auto-loader-") as folder:
        _throughput(spark, Path(folder) / "rows", options.rows, options.rounds)
        _listing(spark, Path(folder) / "files", options.files, options.rounds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", default="3g", help="the driver's heap")
    return parser.parse_args()


def _throughput(spark: SparkSession, work: Path, rows: int, rounds: int) -> None:
    """All rows, from the beginning, into a new table each time."""
    landing = work / "landing"
    columns = ["id", "concat('C', id % 50000) AS customer", "round(rand(1) * 500, 2) AS amount", "'EUR' AS currency", "'Bonn' AS city"]
    spark.range(0, rows, 1, 8).selectExpr(*columns).write.json(str(landing))
    taken: dict[str, list[float]] = {"goldlane": [], "plain Spark": []}
    for turn in range(rounds):
        taken["goldlane"].append(_timed(lambda turn=turn: _update(spark, work / f"ours-{turn}", landing)))
        taken["plain Spark"].append(_timed(lambda turn=turn: _plain(spark, work / f"plain-{turn}", landing)))
    _report(f"{rows:,} JSON rows in 8 files", taken)


def _listing(spark: SparkSession, work: Path, files: int, rounds: int) -> None:
    """One new file among ``files`` that were read before."""
    landing = work / "landing"
    landing.mkdir(parents=True)
    for number in range(files):
        _land(landing, number)
    first = {
        "goldlane": [_timed(lambda: _update(spark, work / "ours", landing))],
        "plain Spark": [_timed(lambda: _plain(spark, work / "plain", landing))],
    }
    _report(f"{files:,} files of one row, all new", first)
    later: dict[str, list[float]] = {"goldlane": [], "plain Spark": []}
    for turn in range(rounds):
        _land(landing, files + turn)
        later["goldlane"].append(_timed(lambda: _update(spark, work / "ours", landing)))
        later["plain Spark"].append(_timed(lambda: _plain(spark, work / "plain", landing)))
    _report(f"one new file among {files:,}", later)


def _land(landing: Path, number: int) -> None:
    row = {"id": number, "customer": "C1", "amount": 1.5, "currency": "EUR", "city": "Bonn"}
    (landing / f"{number}.json").write_text(json.dumps(row) + "\n", encoding="utf-8")


def _update(spark: SparkSession, work: Path, landing: Path) -> None:
    work.mkdir(exist_ok=True)
    source = work / "landed.py"
    source.write_text(SOURCE.format(schema=SCHEMA, landing=str(landing)), encoding="utf-8")
    goldlane.run(source, storage=work / "storage", spark=spark, name="landed").raise_for_status()


def _plain(spark: SparkSession, work: Path, landing: Path) -> None:
    stream = spark.readStream.schema(SCHEMA).option("maxFileAge", "36500d").json(str(landing))
    writer = stream.writeStream.foreachBatch(
        lambda batch, _: batch.write.format("delta").mode("append").save(str(work / "table"))  # type: ignore[arg-type, return-value]
    )
    query = writer.option("checkpointLocation", str(work / "checkpoint")).trigger(availableNow=True).start()
    query.awaitTermination()


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _report(case: str, taken: dict[str, list[float]]) -> None:
    ours, plain = (statistics.median(seconds) for seconds in taken.values())
    print(f"{case}: goldlane {ours:.1f} s, plain Spark {plain:.1f} s, {ours / plain:.2f} x", flush=True)


if __name__ == "__main__":
    main()
