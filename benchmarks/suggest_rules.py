"""What suggesting rules costs: one pass over card transactions, beside one plain aggregation, and beside pandera's inference.

    python benchmarks/suggest_rules.py [--rows 2000000] [--rounds 3] [--memory 3g] [--pandera PYTHON]

The plain aggregation asks for count, min and max of each of the eight columns, and three approximate quantiles of each number. `--pandera`
names a Python that has pandera and pyarrow (an environment of its own): it loads the same Parquet into pandas and infers a schema, which
is min and max per number and nothing about texts. All take turns; medians are compared.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import functions as F
from pyspark.sql.types import NumericType

from goldlane.expectations import count_broken, suggest_rules
from goldlane.session import local_spark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

COLUMNS = {
    "transaction_id": "format_string('T%09d', id)",
    "customer_id": "concat('C', lpad(cast(hash(id) % 50000 + 50000 AS string), 6, '0'))",
    "amount": "round(exp(randn(1) * 0.8 + 3.5), 2)",
    "currency": "element_at(array('EUR', 'USD', 'GBP', 'CHF'), cast(id % 4 + 1 AS int))",
    "paid_at": "timestamp_seconds(1700000000 + id * 3)",
    "country": "element_at(array('DE', 'US', 'GB', 'CH', 'FR'), cast(id % 5 + 1 AS int))",
    "score": "rand(2)",
    "items": "cast(1 - ln(1 - rand(3)) * 3 AS int)",
}
INFER = """
import sys, time, pandas, pandera.pandas as pandera
began = time.perf_counter()
frame = pandas.read_parquet(sys.argv[1])
loaded = time.perf_counter()
pandera.infer_schema(frame)
print(loaded - began, time.perf_counter() - loaded)
"""


def main() -> None:
    """Prints the medians and the ratios."""
    options = _options()
    spark = local_spark(**{"spark.master": "local[2]", "spark.driver.memory": options.memory})
    with tempfile.TemporaryDirectory(prefix="suggest-rules-") as folder:
        path = str(Path(folder) / "transactions")
        _write(spark, options.rows, path)
        _compare(spark.read.parquet(path), options.rounds)
        if options.pandera:
            done = subprocess.run([options.pandera, "-c", INFER, path], check=True, capture_output=True, text=True)
            loading, inferring = map(float, done.stdout.split()[-2:])
            print(f"pandera         {loading + inferring:8.2f} s, {loading:.2f} of it loading all rows into pandas")


def _write(spark: SparkSession, rows: int, path: str) -> None:
    spark.range(0, rows, numPartitions=4).selectExpr(*(f"{sql} AS {name}" for name, sql in COLUMNS.items())).write.parquet(path)


def _compare(df: DataFrame, rounds: int) -> None:
    work: dict[str, Callable[[], object]] = {"plain aggregation": lambda: _plain(df), "suggest_rules": lambda: suggest_rules(df)}
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for number in range(rounds + 1):
        for name, run in work.items():
            began = time.perf_counter()
            run()
            if number:  # the first round warms up
                seconds[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    for name, median in medians.items():
        print(f"{name:18}{median:6.2f} s")
    print(f"suggest_rules / plain aggregation: {medians['suggest_rules'] / medians['plain aggregation']:.2f}")
    found = suggest_rules(df)
    print(
        f"{len(found)} rules; of the rows they were learned from they refuse {max(count_broken(df, found).broken.values()):,} at most each"
    )


def _plain(df: DataFrame) -> object:
    numbers = [field.name for field in df.schema.fields if isinstance(field.dataType, NumericType)]
    asked = [function(name) for name in df.columns for function in (F.count, F.min, F.max)]
    return df.agg(*asked, *(F.percentile_approx(name, [0.01, 0.5, 0.99]) for name in numbers)).collect()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The cost of suggest_rules.")
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", default="3g")
    parser.add_argument("--pandera", help="a Python that has pandera and pyarrow")
    return parser.parse_args()


if __name__ == "__main__":
    main()
