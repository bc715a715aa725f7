"""How long ``goldlane check`` takes for ten source files, beside starting a Spark session and doing nothing with it.

    python benchmarks/check_sources.py [--rounds 5]

Prints the median seconds of whole processes, Python's start included.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILES = 10
# What most public files hold: a stream of files, rules, a cleaned table, a table in SQL, a factory.
TYPICAL = """
import dlt
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

SCHEMA = StructType([StructField("id", StringType()), StructField("amount", StringType())])
CATALOG = spark.conf.get("lane.catalog", "main")


@dlt.table(name="bronze_{number}", comment="As it landed.")
def bronze():
    return spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").schema(SCHEMA).load("/Volumes/raw/{number}")


@dlt.table(name="silver_{number}")
@dlt.expect_or_drop("has_id", "id IS NOT NULL")
@dlt.expect("positive", "amount > 0")
def silver():
    return dlt.read_stream("bronze_{number}").withColumn("amount", F.col("amount").cast("double"))


@dlt.table(name="joined_{number}")
def joined():
    return spark.sql(f"SELECT * FROM LIVE.silver_{number} JOIN {{CATALOG}}.ref.countries USING (id)")


def daily(period):
    @dlt.table(name=f"gold_{number}_{{period}}")
    def gold():
        return dlt.read("joined_{number}").groupBy(F.date_trunc(period, "at").alias("at")).agg(F.sum("amount"))


for period in ("day", "week"):
    daily(period)
"""
# AUTO CDC is declared at module level, and its expressions are objects of the JVM.
CHANGES = """

dlt.create_streaming_table("current_{number}")
dlt.apply_changes(target="current_{number}", source="silver_{number}", keys=["id"], sequence_by=F.col("at"), stored_as_scd_type=1)
"""
SESSION = "from pyspark.sql import SparkSession; SparkSession.builder.config('spark.ui.enabled', 'false').getOrCreate()"
DELTA = "from goldlane.session import local_spark; local_spark()"


def main() -> None:
    """Measures each process some times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="check-sources-") as folder:
        plain, changes = Path(folder) / "plain", Path(folder) / "changes"
        _write(plain, TYPICAL)
        _write(changes, TYPICAL + CHANGES)
        for name, arguments in {
            "goldlane check, 10 files, no JVM needed": ["-m", "goldlane.cli", "check", str(plain), "--json"],
            "goldlane check, 10 files with AUTO CDC": ["-m", "goldlane.cli", "check", str(changes), "--json"],
            "a pyspark session, nothing else": ["-c", SESSION],
            "Goldlane's Delta session, nothing else": ["-c", DELTA],
            "python, nothing else": ["-c", ""],
        }.items():
            seconds = sorted(_seconds(arguments, folder) for _ in range(rounds))
            print(f"{name:42} {statistics.median(seconds):6.2f} s  ({seconds[0]:.2f} to {seconds[-1]:.2f})")


def _write(folder: Path, text: str) -> None:
    folder.mkdir()
    for number in range(FILES):
        (folder / f"lane_{number}.py").write_text(text.format(number=number), encoding="utf-8")


def _seconds(arguments: list[str], folder: str) -> float:
    started = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
