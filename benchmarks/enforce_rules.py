"""What rules cost: a Delta write of card transactions under nine rules, beside the same write without rules, and beside a second scan.

    python benchmarks/enforce_rules.py [--rows 5000000] [--rounds 5] [--work DIR] [--memory 3g]

The three writes take turns, so that a busy machine slows all of them; the medians are compared. CPU seconds are the JVM's own (Linux), and
depend less on what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import Observation
from pyspark.sql import functions as F

from goldlane.expectations import Action, Check, enforce, quality
from goldlane.session import local_spark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

RULES = {
    "has_id": (Action.FAIL, "transaction_id IS NOT NULL"),
    "has_customer": (Action.DROP, "customer_id IS NOT NULL"),
    "has_merchant": (Action.DROP, "merchant_id LIKE 'M%'"),
    "amount_is_positive": (Action.DROP, "amount > 0"),
    "amount_is_sane": (Action.WARN, "amount < 499"),
    "currency_is_known": (Action.DROP, "currency IN ('EUR', 'USD', 'GBP', 'CHF')"),
    "paid_in_this_decade": (Action.WARN, "paid_at BETWEEN TIMESTAMP'2020-01-01' AND TIMESTAMP'2040-01-01'"),
    "country_is_a_code": (Action.WARN, "length(country) = 2"),
    "category_is_known": (Action.WARN, "category > -9000"),
}
TARGET = 1.25
COLUMNS = {
    "transaction_id": "id",
    "customer_id": "concat('C', id % 50000)",
    "merchant_id": "concat('M', hash(id) % 10000)",
    "amount": "CASE WHEN id % 1000 = 7 THEN NULL ELSE round((hash(id, 1) % 50000) / 100 + 500, 2) END",
    "currency": "element_at(array('EUR', 'USD', 'GBP', 'CHF'), cast(id % 4 + 1 AS int))",
    "paid_at": "timestamp_seconds(1700000000 + id * 3)",
    "country": "element_at(array('DE', 'US', 'GB', 'CH', 'FR'), cast(id % 5 + 1 AS int))",
    "category": "hash(id + 1) % 9999",
    "declined": "id % 97 = 0",
    "device": "concat('dev-', hash(id * 7) % 1000000)",
}


def main() -> None:
    """Prints the medians and the ratios."""
    options = _options()
    spark = local_spark(**{"spark.master": "local[2]", "spark.driver.memory": options.memory})
    with tempfile.TemporaryDirectory(prefix="enforce-rules-") as temporary:
        work = options.work or Path(temporary)
        ways = _ways(_transactions(spark, work / "transactions", options.rows), work / "table")
        jvm = spark.sparkContext._gateway.proc.pid  # type: ignore[attr-defined]  # noqa: SLF001  pyspark keeps it to itself
        taken = _measured(ways, work / "table", options.rounds, jvm)
    print(f"{options.rows:,} rows, {len(COLUMNS)} columns, {len(RULES)} rules, {options.rounds} rounds (medians)")
    medians = {way: tuple(map(statistics.median, zip(*rounds, strict=True))) for way, rounds in taken.items()}
    wall, cpu = medians["without rules"]
    for way, (its_wall, its_cpu) in medians.items():
        print(f"{way:34} {its_wall:7.2f} s {its_wall / wall:5.2f} x   CPU {its_cpu:7.2f} s {its_cpu / cpu:5.2f} x")
    kept = medians["under the rules"][0] / wall <= TARGET
    print(f"{'target':34} {'':9} {TARGET:5.2f} x   {'kept' if kept else 'MISSED'}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", type=Path, help="a folder to work in and keep (default: a temporary one)")
    parser.add_argument("--memory", default="3g", help="the driver's heap")
    return parser.parse_args()


def _transactions(spark: SparkSession, path: Path, rows: int) -> DataFrame:
    source = spark.range(0, rows, 1, 4).select(*(F.expr(sql).alias(name) for name, sql in COLUMNS.items()))
    source.write.mode("overwrite").parquet(str(path))
    return spark.read.parquet(str(path))


def _ways(rows: DataFrame, table: Path) -> dict[str, Callable[[], None]]:
    checks = [Check(name, action, F.expr(predicate)) for name, (action, predicate) in RULES.items()]
    good = " AND ".join(f"coalesce({predicate}, false)" for action, predicate in RULES.values() if action is not Action.WARN)
    broken = [F.count_if(~F.coalesce(F.expr(predicate), F.lit(False))).alias(name) for name, (_, predicate) in RULES.items()]

    def write(frame: DataFrame) -> None:
        frame.write.format("delta").mode("append").save(str(table))

    def under_rules() -> None:
        observation = Observation()
        write(enforce(rows, checks, observation, flow="benchmark"))
        counted = quality(observation.get, checks)
        if counted.rows == 0:
            raise SystemExit("nothing was counted")

    def by_a_second_scan() -> None:
        write(rows.where(good))
        rows.agg(*broken).collect()

    return {"without rules": lambda: write(rows), "under the rules": under_rules, "filter, and count by a second scan": by_a_second_scan}


def _measured(ways: dict[str, Callable[[], None]], table: Path, rounds: int, jvm: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds and CPU seconds of each round, but the first, which warms up."""
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for number in range(rounds + 1):
        for way, run in ways.items():
            shutil.rmtree(table, ignore_errors=True)
            started, used = time.perf_counter(), _cpu_seconds(jvm)
            run()
            if number:
                taken[way].append((time.perf_counter() - started, _cpu_seconds(jvm) - used))
    return taken


def _cpu_seconds(process: int) -> float:
    user, system = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
