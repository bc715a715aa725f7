"""What a point-in-time join costs: beside joins written by hand, beside Feast on Spark, and with a hot key.

    python benchmarks/as_of_join.py [--rows 1000000] [--rounds 3] [--work DIR] [--memory 3g] [--feast PYTHON] [--feast-hot]

``--rows`` labels meet five times as many feature rows; the other cases scale with them. All ways take turns; medians are compared.
Feast lives in an environment of its own, made once by uv; where that cannot be, it is left out with the reason. CPU seconds are the
JVM's own (Linux).
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from peers.feast_process import HOME, feast_process
from pyspark.sql import Window
from pyspark.sql import functions as F

from goldlane.features import Feature, FeatureTable, point_in_time_join
from goldlane.session import local_spark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Way: TypeAlias = "Callable[[], tuple[float, float]]"

FEATURES = {"tx_count": "bigint", "risk": "double", "tier": "string"}
THREE = ("cards", "shops", "devices")
MONTH_US = 30 * 86_400_000_000
HOT_LABELS, HOT_ROWS = 0.2, 0.01  # of a tenth of the labels, and of as many rows as there are labels: 20,000 x 10,000


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One size of the work, its ways in the order of their turns, and which of them is measured against which, at most how much."""

    name: str
    ways: dict[str, Way]
    targets: tuple[tuple[str, str, float], ...]


def main() -> None:
    """Prints medians, ratios and whether they keep to the targets."""
    options = _options()
    spark = local_spark(**{"spark.master": "local[2]", "spark.driver.memory": options.memory})
    with tempfile.TemporaryDirectory(prefix="as-of-join-") as temporary, feast_process(options.feast, options.memory) as feast:
        work = options.work or Path(temporary)
        for case in (_spread(spark, work, options, feast), _hot(spark, work, options, feast), _three(spark, work, options)):
            _report(case, _measured(case.ways, options.rounds))
    print(f"load {os.getloadavg()[0]:.1f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, help="a folder to work in and keep (default: a temporary one)")
    parser.add_argument("--memory", default="3g", help="the heap of each driver")
    parser.add_argument("--feast", type=Path, default=HOME / "bin" / "python", help="a Python that has Feast and Spark")
    parser.add_argument("--feast-hot", action="store_true", help="let Feast join the hot key, too (minutes)")
    return parser.parse_args()


def _spread(spark: SparkSession, work: Path, options: argparse.Namespace, feast: Callable[[Path], Way] | None) -> Case:
    rows = options.rows
    folder = _written(spark, work / f"spread-{rows}", labels=_labels(spark, rows), features=_features(spark, 5 * rows, rows // 10))
    ways = {"goldlane": _timed(spark, lambda: _ours(spark, folder)), "by hand": _timed(spark, lambda: _by_hand(spark, folder))}
    targets = [("goldlane", "by hand", 1.1)]
    if feast is not None:
        ways["Feast"] = feast(folder)
        targets.append(("goldlane", "Feast", 1 / 5))
    return Case(name=f"{rows:,} labels x {5 * rows:,} rows", ways=ways, targets=tuple(targets))


def _hot(spark: SparkSession, work: Path, options: argparse.Namespace, feast: Callable[[Path], Way] | None) -> Case:
    labels, rows = options.rows // 10, options.rows
    plain = _written(spark, work / f"plain-{rows}", labels=_labels(spark, labels), features=_features(spark, rows, rows // 10))
    hot = _written(
        spark,
        work / f"hot-{rows}",
        labels=_heated(_labels(spark, labels), HOT_LABELS),
        features=_heated(_features(spark, rows, rows // 10), HOT_ROWS),
    )
    ways = {"hot key": _timed(spark, lambda: _ours(spark, hot)), "without": _timed(spark, lambda: _ours(spark, plain))}
    if feast is not None and options.feast_hot:
        ways["Feast, hot key"] = feast(hot)
    name = f"a key of {labels * HOT_LABELS:,.0f} x {rows * HOT_ROWS:,.0f} among {labels:,} labels x {rows:,} rows"
    return Case(name=name, ways=ways, targets=(("hot key", "without", 2.0),))


def _three(spark: SparkSession, work: Path, options: argparse.Namespace) -> Case:
    rows = options.rows
    folder = _written(
        spark, work / f"three-{rows}", labels=_labels(spark, rows), **{name: _features(spark, rows, rows // 10, name) for name in THREE}
    )

    def ours() -> DataFrame:
        tables = {_table(name): spark.read.parquet(str(folder / name)) for name in THREE}
        return point_in_time_join(spark.read.parquet(str(folder / "labels")), tables, label_time="asked_at", prefix=True)

    def by_hand() -> DataFrame:
        joined = spark.read.parquet(str(folder / "labels"))
        for name in THREE:
            joined = _joined_by_hand(joined, spark.read.parquet(str(folder / name)), f"{name}__")
        return joined

    ways = {"goldlane": _timed(spark, ours), "by hand": _timed(spark, by_hand)}
    return Case(name=f"{rows:,} labels x three tables of {rows:,} rows", ways=ways, targets=(("goldlane", "by hand", 1.1),))


def _ours(spark: SparkSession, folder: Path) -> DataFrame:
    labels, features = (spark.read.parquet(str(folder / name)) for name in ("labels", "features"))
    return point_in_time_join(labels, {_table("cards"): features}, label_time="asked_at")


def _by_hand(spark: SparkSession, folder: Path) -> DataFrame:
    labels, features = (spark.read.parquet(str(folder / name)) for name in ("labels", "features"))
    return _joined_by_hand(labels, features, "")


def _joined_by_hand(labels: DataFrame, features: DataFrame, prefix: str) -> DataFrame:
    """Union, one sort, and the last struct before each label: no rule for ties, no second time, no ttl."""
    asked = labels.withColumnRenamed("asked_at", "at").withColumn("side", F.lit(1))
    values = F.struct(*(F.col(name).alias(f"{prefix}{name}") for name in FEATURES)).alias("found")
    both = asked.unionByName(features.select("card", F.col("as_of").alias("at"), F.lit(0).alias("side"), values), allowMissingColumns=True)
    so_far = Window.partitionBy("card").orderBy("at", "side").rowsBetween(Window.unboundedPreceding, Window.currentRow)
    found = both.withColumn("found", F.last("found", ignorenulls=True).over(so_far)).where("side = 1")
    return found.select("*", "found.*").drop("side", "found").withColumnRenamed("at", "asked_at")


def _table(name: str) -> FeatureTable:
    features = tuple(Feature(name=feature, type=kind, description="made up") for feature, kind in FEATURES.items())
    return FeatureTable(name=name, keys=("card",), event_time="as_of", features=features)


def _labels(spark: SparkSession, rows: int) -> DataFrame:
    return spark.range(0, rows, 1, 4).selectExpr(
        "id AS label_id",
        f"concat('card-', lpad(pmod(hash(id, 1), {rows // 10}), 8, '0')) AS card",
        f"timestamp_micros(1700000000000000 + pmod(xxhash64(id, 1), {MONTH_US})) AS asked_at",
        "rand(1) * 100 AS amount",
        "id % 7 = 0 AS fraud",
    )


def _features(spark: SparkSession, rows: int, keys: int, salt: str = "") -> DataFrame:
    return spark.range(0, rows, 1, 4).selectExpr(
        f"concat('card-', lpad(pmod(hash(id, 2, '{salt}'), {keys}), 8, '0')) AS card",
        f"timestamp_micros(1700000000000000 + pmod(xxhash64(id, 2, '{salt}'), {MONTH_US})) AS as_of",
        "id % 100 AS tx_count",
        "rand(2) AS risk",
        "concat('tier ', id % 4) AS tier",
    )


def _heated(frame: DataFrame, share: float) -> DataFrame:
    """A share of the rows belongs to one key."""
    return frame.withColumn("card", F.when(F.rand(3) < share, "card-hot").otherwise(F.col("card")))


def _written(spark: SparkSession, folder: Path, **frames: DataFrame) -> Path:
    if not (folder / "done").exists():
        for name, frame in frames.items():
            frame.write.mode("overwrite").parquet(str(folder / name))
        (folder / "done").touch()
    spark.catalog.clearCache()
    return folder


def _timed(spark: SparkSession, make: Callable[[], DataFrame]) -> Way:
    process = spark.sparkContext._gateway.proc.pid  # type: ignore[attr-defined]  # noqa: SLF001  pyspark keeps it to itself

    def run() -> tuple[float, float]:
        started, used = time.perf_counter(), _cpu_seconds(process)
        make().write.format("noop").mode("overwrite").save()
        return time.perf_counter() - started, _cpu_seconds(process) - used

    return run


def _measured(ways: dict[str, Way], rounds: int) -> dict[str, tuple[float, ...]]:
    """The medians of all rounds but the first, which warms up."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, run in ways.items():
            seconds = run()
            if number:
                taken[name].append(seconds)
    return {name: tuple(map(statistics.median, zip(*each, strict=True))) for name, each in taken.items()}


def _report(case: Case, medians: dict[str, tuple[float, ...]]) -> None:
    print(case.name)
    for name, (wall, cpu) in medians.items():
        print(f"  {name:16} {wall:8.2f} s   CPU {cpu:8.2f} s")
    for ours, peer, most in case.targets:
        ratio, of_cpu = (mine / theirs for mine, theirs in zip(medians[ours], medians[peer], strict=True))
        print(f"  {ours} / {peer}: {ratio:.2f} (CPU {of_cpu:.2f}), target {most:.2f}   {'kept' if ratio <= most else 'MISSED'}")


def _cpu_seconds(process: int) -> float:
    user, system = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
