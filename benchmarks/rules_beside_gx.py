"""What verdicts cost: nine rules over card transactions, beside one aggregation written by hand, and beside Great Expectations.

    python benchmarks/rules_beside_gx.py [--rows 5000000] [--rounds 5] [--work DIR] [--memory 3g]

Great Expectations is asked the same nine questions with its own expectations about columns, which it answers in one aggregation: as it is
set up by default (the batch is persisted, examples are collected), with ``persist=False``, and, where a tenth rule asks whether the id is
unique, also with verdicts alone: no counts, no examples. All ways take turns, so that a busy machine slows all of them; medians.
CPU seconds are the JVM's own (Linux), and depend less on what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import great_expectations as gx
from pyspark.sql import Observation
from pyspark.sql import functions as F

from goldlane.expectations import (
    Action,
    Rule,
    Rules,
    check_table,
    count_broken,
    in_range,
    in_set,
    matches,
    not_null,
    observed_counts,
    unique,
    with_broken_rules,
)
from goldlane.session import local_spark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

COLUMNS = {
    "transaction_id": "id",
    "customer_id": "CASE WHEN id % 5000 = 11 THEN NULL ELSE concat('C', id % 50000) END",
    "merchant_id": "concat('M', hash(id) % 10000)",
    "amount": "CASE WHEN id % 1000 = 7 THEN NULL ELSE round((hash(id, 1) % 50000) / 100 + 499, 2) END",
    "currency": "element_at(array('EUR', 'USD', 'GBP', 'CHF', 'XXX'), cast(abs(hash(id, 2)) % 401 / 100 + 1 AS int))",
    "paid_at": "timestamp_seconds(1700000000 + id * 3)",
    "country": "element_at(array('DE', 'US', 'GB', 'CH', 'FR'), cast(id % 5 + 1 AS int))",
    "device": "concat('dev-', hash(id * 7) % 1000000)",
}
RULES = Rules(
    not_null("transaction_id", action=Action.FAIL),
    not_null("customer_id", action=Action.DROP),
    not_null("paid_at", action=Action.DROP),
    in_range("amount", 0, action=Action.DROP),
    in_range("amount", high=998, name="amount_is_sane"),
    in_set("currency", ["EUR", "USD", "GBP", "CHF"], action=Action.DROP),
    matches("merchant_id", "^M-?[0-9]+$"),
    Rule(name="country_is_a_code", predicate="length(country) = 2"),
    matches("device", "^dev-"),
)
KINDS = gx.expectations
PEERS = [
    KINDS.ExpectColumnValuesToNotBeNull(column="transaction_id"),
    KINDS.ExpectColumnValuesToNotBeNull(column="customer_id"),
    KINDS.ExpectColumnValuesToNotBeNull(column="paid_at"),
    KINDS.ExpectColumnValuesToBeBetween(column="amount", min_value=0),
    KINDS.ExpectColumnValuesToBeBetween(column="amount", max_value=998),
    KINDS.ExpectColumnValuesToBeInSet(column="currency", value_set=["EUR", "USD", "GBP", "CHF"]),
    KINDS.ExpectColumnValuesToMatchRegex(column="merchant_id", regex="^M-?[0-9]+$"),
    KINDS.ExpectColumnValueLengthsToEqual(column="country", value=2),
    KINDS.ExpectColumnValuesToMatchRegex(column="device", regex="^dev-"),
]
BY_HAND, COUNTS, QUARANTINE = "one aggregation by hand", "counts", "counts and reasons on one write"
TEN = "counts of ten rules, one of uniqueness"
GX, BARE, LEAN = "GX", "GX, persist=False", "GX, persist=False, verdicts alone"


def main() -> None:
    """Prints the medians and the ratios."""
    options = _options()
    spark = local_spark(**{"spark.master": "local[2]", "spark.driver.memory": options.memory})
    with tempfile.TemporaryDirectory(prefix="rules-beside-gx-") as temporary:
        ways = _ways(_transactions(spark, (options.work or Path(temporary)) / "transactions", options.rows))
        jvm = spark.sparkContext._gateway.proc.pid  # type: ignore[attr-defined]  # noqa: SLF001  pyspark keeps it to itself
        taken = _measured(spark, ways, options.rounds, jvm)
    print(f"{options.rows:,} rows, {len(COLUMNS)} columns, {options.rounds} rounds (medians), load {os.getloadavg()[0]:.0f}")
    medians = {way: tuple(map(statistics.median, zip(*rounds, strict=True))) for way, rounds in taken.items()}
    for way, (wall, cpu) in medians.items():
        print(f"{way:40} {wall:7.2f} s {wall / medians[BY_HAND][0]:5.2f} x   CPU {cpu:7.2f} s {cpu / medians[BY_HAND][1]:5.2f} x")
    better = min(medians[f"{GX}, ten"], medians[f"{BARE}, ten"])
    for way, base, target in ((COUNTS, medians[BY_HAND], 1.15), (QUARANTINE, medians[BY_HAND], 1.5), (TEN, better, 0.6)):
        ratios = [mine / its for mine, its in zip(medians[way], base, strict=True)]
        print(f"{way:40} {ratios[0]:5.2f} x, CPU {ratios[1]:5.2f} x; target {target:.2f} {'kept' if ratios[0] <= target else 'MISSED'}")


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


def _ways(rows: DataFrame) -> dict[str, Callable[[], object]]:
    by_hand = [F.count_if(~F.coalesce(F.expr(rule.predicate), F.lit(False))).alias(rule.name) for rule in RULES]
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    nine = gx.ExpectationSuite(name="nine", expectations=PEERS)
    ten = gx.ExpectationSuite(
        name="ten", expectations=[*(one.copy() for one in PEERS), KINDS.ExpectColumnValuesToBeUnique(column="transaction_id")]
    )

    def validate(suite: Any, *, persist: bool, **options: str) -> Callable[[], object]:
        source = context.data_sources.add_spark(f"{suite.name} {persist} {options}", persist=persist)
        batches = source.add_dataframe_asset("transactions").add_batch_definition_whole_dataframe("all")
        return lambda: batches.get_batch({"dataframe": rows}).validate(suite, **options)

    return {
        BY_HAND: lambda: rows.agg(F.count(F.lit(1)), *by_hand).collect(),
        COUNTS: lambda: count_broken(rows, RULES),
        QUARANTINE: lambda: _quarantine(rows),
        TEN: lambda: (count_broken(rows, RULES), check_table(rows, [unique("transaction_id")])),
        GX: validate(nine, persist=True),
        BARE: validate(nine, persist=False),
        f"{GX}, ten": validate(ten, persist=True),
        f"{BARE}, ten": validate(ten, persist=False),
        f"{LEAN}, ten": validate(ten, persist=False, result_format="BOOLEAN_ONLY"),
    }


def _quarantine(rows: DataFrame) -> None:
    observation = Observation()
    with_broken_rules(rows, RULES, observation=observation).write.format("noop").mode("overwrite").save()
    observed_counts(observation.get, RULES)


def _measured(spark: SparkSession, ways: dict[str, Callable[[], object]], rounds: int, jvm: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds and CPU seconds of each round, but the first, which warms up."""
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for number in range(rounds + 1):
        for way, run in ways.items():
            started, used = time.perf_counter(), _cpu_seconds(jvm)
            run()
            if number:
                taken[way].append((time.perf_counter() - started, _cpu_seconds(jvm) - used))
            spark.catalog.clearCache()  # what GX persisted would serve the others, too
    return taken


def _cpu_seconds(process: int) -> float:
    user, system = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
