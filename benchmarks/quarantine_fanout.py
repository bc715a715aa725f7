"""Good rows to one Delta table, broken rows with their reasons to another: the ways to do it, beside a write of all rows to one table.

    python benchmarks/quarantine_fanout.py [--rows 5000000] [--rounds 5] [--source json|parquet] [--broken 50] [--work DIR] [--memory 3g]

One row in ``--broken`` breaks a rule. The ways take turns, so that a busy machine slows all of them; the medians are compared. CPU
seconds are the JVM's own (Linux).
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

from pyspark import StorageLevel
from pyspark.sql import functions as F

from goldlane.expectations import Action, Rule, Rules, count_broken, split, write_split
from goldlane.session import local_spark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

RULES = Rules(
    Rule(name="has_id", predicate="transaction_id IS NOT NULL", action=Action.FAIL),
    Rule(name="has_customer", predicate="customer_id IS NOT NULL", action=Action.DROP),
    Rule(name="has_merchant", predicate="merchant_id LIKE 'M%'", action=Action.DROP),
    Rule(name="amount_is_positive", predicate="amount > 0", action=Action.DROP),
    Rule(name="amount_is_sane", predicate="amount < 499"),
    Rule(name="currency_is_known", predicate="currency IN ('EUR', 'USD', 'GBP', 'CHF')", action=Action.DROP),
    Rule(name="paid_in_this_decade", predicate="paid_at BETWEEN TIMESTAMP'2020-01-01' AND TIMESTAMP'2040-01-01'"),
    Rule(name="country_is_a_code", predicate="length(country) = 2"),
    Rule(name="category_is_known", predicate="category > -9000"),
)
COLUMNS = {
    "transaction_id": ("string", "concat('t', id)"),
    "customer_id": ("string", "concat('C', id % 50000)"),
    "merchant_id": ("string", "concat('M', hash(id) % 10000)"),
    "amount": (
        "decimal(12,2)",
        "CASE WHEN id % {broken} = 7 THEN -1 ELSE cast((abs(hash(id, 1)) % 49000) / 100 + 0.01 AS decimal(12,2)) END",
    ),
    "currency": ("string", "element_at(array('EUR', 'USD', 'GBP', 'CHF'), cast(id % 4 + 1 AS int))"),
    "paid_at": ("timestamp", "timestamp_seconds(1700000000 + id * 3)"),
    "country": ("string", "element_at(array('DE', 'US', 'GB', 'CH', 'FR'), cast(id % 5 + 1 AS int))"),
    "category": ("int", "hash(id + 1) % 9999"),
}
Way = Callable[[], None]


def main() -> None:
    """Prints the medians and the ratios."""
    options = _options()
    spark = local_spark(**{"spark.master": "local[2]", "spark.driver.memory": options.memory})
    with tempfile.TemporaryDirectory(prefix="quarantine-fanout-") as temporary:
        work = options.work or Path(temporary)
        ways = _ways(_transactions(spark, work / options.source, options), work / "tables")
        jvm = spark.sparkContext._gateway.proc.pid  # type: ignore[attr-defined]  # noqa: SLF001  pyspark keeps it to itself
        taken = _measured(ways, work / "tables", options.rounds, jvm)
    print(
        f"{options.rows:,} rows of {options.source}, one in {options.broken} broken, {len(RULES)} rules, {options.rounds} rounds (medians)"
    )
    medians = {way: tuple(map(statistics.median, zip(*rounds, strict=True))) for way, rounds in taken.items()}
    wall, cpu = next(iter(medians.values()))
    for way, (its_wall, its_cpu) in medians.items():
        print(f"{way:44} {its_wall:7.2f} s {its_wall / wall:5.2f} x   CPU {its_cpu:7.2f} s {its_cpu / cpu:5.2f} x")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--source", choices=("json", "parquet"), default="json")
    parser.add_argument("--broken", type=int, default=50, help="one row in so many breaks a rule")
    parser.add_argument("--work", type=Path, help="a folder to work in and keep (default: a temporary one)")
    parser.add_argument("--memory", default="3g", help="the driver's heap")
    return parser.parse_args()


def _transactions(spark: SparkSession, path: Path, options: argparse.Namespace) -> DataFrame:
    if not path.exists():
        columns = {name: expression.format(broken=options.broken) for name, (_, expression) in COLUMNS.items()}
        rows = spark.range(0, options.rows, 1, 8).selectExpr(*(f"{expression} AS {name}" for name, expression in columns.items()))
        rows.write.format(options.source).save(str(path))
    schema = ", ".join(f"{name} {kind}" for name, (kind, _) in COLUMNS.items())
    return spark.read.format(options.source).schema(schema).load(str(path))


def _ways(source: DataFrame, tables: Path) -> dict[str, Way]:
    def one_table() -> None:
        _append(source, tables / "all")

    def two_queries() -> None:
        _both(split(source, RULES).kept, split(source, RULES).quarantined, tables)

    def persisted(level: StorageLevel) -> Way:
        def write() -> None:
            kept_once = source.persist(level)
            halves = split(kept_once, RULES)
            _both(halves.kept, halves.quarantined, tables)
            kept_once.unpersist()

        return write

    def staged() -> None:
        good = " AND ".join(rule.sql for rule in RULES if rule.action is not Action.WARN)
        source.withColumn("_good", F.expr(good)).write.partitionBy("_good").parquet(str(tables / "staging"))
        halves = source.sparkSession.read.schema(source.schema)
        bad = halves.parquet(str(tables / "staging" / "_good=false"))
        _both(halves.parquet(str(tables / "staging" / "_good=true")), split(bad, RULES).quarantined, tables)

    def three_queries() -> None:
        two_queries()
        count_broken(source, RULES)

    def checkpointed() -> None:
        halves = split(source.localCheckpoint(eager=False), RULES)
        _both(halves.kept, halves.quarantined, tables)

    def ours() -> None:
        write_split(source, RULES, kept=str(tables / "kept"), quarantined=str(tables / "quarantined"))

    return {
        "one table, no rules": one_table,
        "write_split (one scan, counts)": ours,
        "two queries, and a third for the counts": three_queries,
        "two queries": two_queries,
        "one scan, persisted in memory": persisted(StorageLevel.MEMORY_AND_DISK),
        "one scan, persisted on disk": persisted(StorageLevel.DISK_ONLY),
        "one scan, checkpointed locally": checkpointed,
        "one scan, staged as Parquet": staged,
    }


def _both(kept: DataFrame, quarantined: DataFrame, tables: Path) -> None:
    _append(kept, tables / "kept")
    _append(quarantined, tables / "quarantined")


def _append(rows: DataFrame, path: Path) -> None:
    rows.write.format("delta").mode("append").save(str(path))


def _measured(ways: dict[str, Way], tables: Path, rounds: int, jvm: int) -> dict[str, list[tuple[float, float]]]:
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for number in range(-1, rounds):  # the first turn warms the JVM up
        for name, way in ways.items():
            shutil.rmtree(tables, ignore_errors=True)
            began, cpu = time.perf_counter(), _cpu_seconds(jvm)
            way()
            if number >= 0:
                taken[name].append((time.perf_counter() - began, _cpu_seconds(jvm) - cpu))
    return taken


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))


if __name__ == "__main__":
    main()
