"""One more day of a long history: what a refresh by key reads and takes, against the same view computed anew.

    python benchmarks/incremental_gold.py [--rows 1800000] [--days 180] [--turns 3] [--longest 90]

The source is written a day at a time, as a stream would. Two gold tables over it are ordinary materialized views: tiles (one row per
merchant and hour) and windows (one row per merchant and day, made of the tiles, not of the rows). A turn appends one day's events with
a few late ones among them, and retracts some; then both tables are refreshed by key, and by a pipeline of the same code whose
``refresh_policy`` is full. Which rows of its sources a view opened is told by the event log. All rows read are Spark's own counts of what
its scans brought in, those of logs, of changes and of the view itself included. ``--longest`` is the longest window, in days.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import goldlane
from goldlane.session import local_spark

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

    from goldlane.pipelines import Update

LANE = '''
import dlt
from pyspark.sql import Window
from pyspark.sql import functions as F

HOUR = 3_600_000_000
DAYS = [days for days in (1, 7, 30, 90) if days <= LONGEST]

@dlt.table(refresh_policy=POLICY)
def tiles():
    """One row per merchant and hour."""
    hour = F.expr(f"(unix_micros(at) + pmod(-unix_micros(at), {HOUR})) div {HOUR}").alias("tile")
    totals = [F.count("*").alias("n"), F.sum("amount").alias("amount"), F.min("amount").alias("least"), F.max("amount").alias("most")]
    return dlt.read("events").groupBy("merchant_id", hour).agg(*totals)

@dlt.table(refresh_policy=POLICY)
def windows():
    """One row per merchant and day, over the days before it."""
    day = F.expr("tile div 24").alias("day")
    daily = dlt.read("tiles").groupBy("merchant_id", day).agg(F.sum("n").alias("n"), F.sum("amount").alias("amount"))
    def over(days):
        return Window.partitionBy("merchant_id").orderBy("day").rangeBetween(1 - days, 0)
    sums = [F.sum(name).over(over(days)).alias(f"{name}_{days}d") for days in DAYS for name in ("n", "amount")]
    return daily.select("merchant_id", "day", *sums)
'''
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
LATE_ROWS, RETRACTED = 20, 5


def main() -> None:
    """Print a line per turn, and the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_800_000)
    parser.add_argument("--days", type=int, default=180)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--longest", type=int, default=90)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="goldlane-bench-") as folder:
        found = measured(Path(folder), asked)
    for name in ("tiles", "windows"):
        by_key, whole, opened, share = (
            statistics.median(turn[name][fact] for turn in found) for fact in ("seconds", "full_seconds", "opened", "share")
        )
        limit = 0.1 * whole + 5
        print(f"{name}: {by_key:.1f} s by key, {whole:.1f} s anew (limit {limit:.1f} s)")
        print(f"{name}: {opened:.1%} of the view's source rows opened, {share:.1%} of the events read in all")


def measured(folder: Path, asked: argparse.Namespace) -> list[dict[str, dict[str, float]]]:
    """The turns: seconds of both ways and the share of rows read, by table."""
    from deltalake import write_deltalake

    spark, source, daily = local_spark(**{"spark.ui.retainedStages": "100000"}), str(folder / "events"), asked.rows // asked.days
    for day in range(asked.days):
        write_deltalake(source, events(day, daily), mode="append")
    lanes = {policy: lane(folder, policy, asked.longest) for policy in ("incremental", "full")}
    for policy, file in lanes.items():
        refreshed(spark, folder, file, policy)
    turns = []
    for turn in range(asked.turns):
        next_day(source, asked.days + turn, daily)
        ours, read, opened = refreshed(spark, folder, lanes["incremental"], "incremental")
        whole, all_read, _ = refreshed(spark, folder, lanes["full"], "full")
        same(spark, folder)
        facts = {name: {"seconds": ours[name], "full_seconds": whole[name], "opened": opened[name]} for name in ours}
        turns.append({name: {**facts[name], "share": read[name] / rows(source)} for name in facts})
        print(f"turn {turn + 1}: by key {ours} s, {read} rows read; anew {whole} s, {all_read} rows read")
    return turns


def next_day(source: str, day: int, daily: int) -> None:
    """A day's events, some of them weeks late, and a few old ones taken back."""
    import pyarrow as pa
    from deltalake import DeltaTable, write_deltalake

    late = events(day - 40, daily).slice(0, LATE_ROWS)
    write_deltalake(source, pa.concat_tables([events(day, daily), late]), mode="append")
    began = START + timedelta(days=day - 9)
    DeltaTable(source).delete(
        f"id < {(day - 9) * daily + RETRACTED} AND at >= '{began.isoformat()}' AND at < '{(began + timedelta(days=1)).isoformat()}'"
    )


def events(day: int, count: int) -> pa.Table:
    """A day's events of 1,000 merchants, the first of them more often than the last."""
    import numpy as np
    import pyarrow as pa

    chance = np.random.default_rng(day)
    merchants = np.minimum(chance.geometric(0.004, count), 1_000)
    start = int((START + timedelta(days=day)).timestamp() * 1e6)
    return pa.table(
        {
            "id": pa.array(np.arange(count) + day * count, pa.int64()),
            "merchant_id": pa.array([f"M{merchant:04}" for merchant in merchants]),
            "at": pa.array(start + chance.integers(0, 86_400_000_000, count), pa.timestamp("us", "UTC")),
            "amount": pa.array(chance.integers(1, 100_000, count), pa.int64()),
        }
    )


def lane(folder: Path, policy: str, longest: int) -> Path:
    """The pipeline with one refresh policy, and windows over no more than so many days."""
    file = folder / policy / "lane.py"
    file.parent.mkdir()
    (file.parent / "pyproject.toml").write_text("")
    file.write_text(f"POLICY, LONGEST = {policy!r}, {longest}\n{LANE}")
    return file


def refreshed(spark: SparkSession, folder: Path, file: Path, policy: str) -> tuple[dict[str, float], dict[str, int], dict[str, float]]:
    """Seconds, rows read, and the share of its sources that was opened, of an update, by table."""
    seconds, read, opened = {}, {}, {}
    for name in ("tiles", "windows"):
        before, started = scanned(spark), time.perf_counter()
        update = goldlane.run(
            file, storage=folder / f"{policy}-storage", spark=spark, inputs={"events": str(folder / "events")}, refresh=[name]
        )
        update.raise_for_status()
        seconds[name], read[name] = round(time.perf_counter() - started, 1), scanned(spark) - before
        opened[name] = opened_share(update)
    return seconds, read, opened


def opened_share(update: Update) -> float:
    """What the log says of the chosen technique: rows of the source files that were opened, of all."""
    for row in update.events().where("event_type = 'planning_information'").collect():
        (chosen, *_) = json.loads(row.details)["planning_information"]["technique_information"]
        if chosen.get("num_source_rows"):
            return float(chosen.get("num_rows_read", 0)) / float(chosen["num_source_rows"])
    return 1.0


def scanned(spark: SparkSession) -> int:
    """Rows that Spark's stages have read so far, those of logs and of the view itself included."""
    jvm: Any = spark._jvm  # noqa: SLF001  its status has no public Python face
    quantiles = spark.sparkContext._gateway.new_array(jvm.double, 0)  # noqa: SLF001  as above
    stages = spark.sparkContext._jsc.sc().statusStore().stageList(None, False, False, quantiles, None)  # noqa: SLF001  as above
    return sum(stages.apply(position).inputRecords() for position in range(stages.size()))


def rows(source: str) -> int:
    """Rows of the source now."""
    from deltalake import DeltaTable

    return sum(DeltaTable(source).get_add_actions(flatten=True).column("num_records").to_pylist())


def same(spark: SparkSession, folder: Path) -> None:
    """Both ways must have made the same tables."""
    for name in ("tiles", "windows"):
        one, other = (
            spark.read.format("delta").load(str(folder / f"{policy}-storage/tables/default/{name}")) for policy in ("incremental", "full")
        )
        if not (one.exceptAll(other).isEmpty() and other.exceptAll(one).isEmpty()):
            raise SystemExit(f"{name} is not what its query says")


if __name__ == "__main__":
    main()
