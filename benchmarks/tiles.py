"""Windows read from tiles beside windows computed from events: `python benchmarks/tiles.py [--rows 2000000] [--labels 20000]`.

Labels of one day over events of 180 days: exact windows over all events, and the same windows merged from tiles (at hop resolution). Then
publishing to SQLite, from the events (tiled by Spark) and from the tile table: everything, and after one more hour of events.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from goldlane.features import Feature, FeatureTable, Rolling, open_store, publish, to_tiles, with_rolling_features, with_tiled_features
from goldlane.session import local_spark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

START = 1_767_225_600  # 2026-01-01
DAYS = 180
DAY = 86_400
FEED = {"delta.enableChangeDataFeed": "true"}
WINDOWS = [
    ("bigint", {"function": "count", "window": "24h", "hop": "1h"}),
    ("decimal(28,2)", {"function": "sum", "column": "amount", "window": "24h", "hop": "1h"}),
    ("bigint", {"function": "count", "window": "30d", "hop": "1d"}),
    ("decimal(28,2)", {"function": "sum", "column": "amount", "window": "30d", "hop": "1d"}),
    ("decimal(18,2)", {"function": "max", "column": "amount", "window": "30d", "hop": "1d"}),
]


def card_table(source: str) -> FeatureTable:
    """The windows of the benchmark over a gold table of events or of tiles."""
    features = tuple(
        Feature(name=f"{window['function']}_{window['window']}", type=kind, description="A window", rolling=Rolling(**window))
        for kind, window in WINDOWS
    )
    return FeatureTable(name="cards", keys=("customer_id",), event_time="as_of", source=source, features=features)


def events_between(spark: SparkSession, rows: int, keys: int, days: Sequence[float]) -> DataFrame:
    """Events of uniformly drawn keys and times."""
    begin, end = (START + day * DAY for day in days)
    return spark.range(rows).select(
        F.format_string("C%06d", (F.xxhash64("id", F.lit(begin)) % keys + keys) % keys).alias("customer_id"),
        F.timestamp_micros(((F.rand(7) * (end - begin) + begin) * 1_000_000).cast("bigint")).alias("as_of"),
        (F.rand(8) * 100).cast("decimal(18,2)").alias("amount"),
    )


def timed(work: Callable[[], Any], turns: int) -> float:
    """The median of several turns, in seconds."""
    seconds = []
    for _ in range(turns):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def computed(frame: DataFrame) -> None:
    """Every row and column of ``frame``, written nowhere."""
    frame.write.format("noop").mode("overwrite").save()


def main() -> None:
    """Make the tables, then read windows and publish both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--keys", type=int, default=500)
    parser.add_argument("--labels", type=int, default=20_000)
    parser.add_argument("--turns", type=int, default=3)
    asked = parser.parse_args()
    spark = local_spark()
    with tempfile.TemporaryDirectory() as folder:
        tables = Path(folder) / "tables" / "default"
        write(events_between(spark, asked.rows, asked.keys, (0, DAYS)), tables / "events")
        read = spark.read.format("delta").load
        making = timed(lambda: make_tiles(read(str(tables / "events")), tables / "tiles"), 1)
        print(f"{asked.rows:,} events of {asked.keys:,} keys; {read(str(tables / 'tiles')).count():,} tiles and instants in {making:.1f} s")
        labels = events_between(spark, asked.labels, asked.keys, (DAYS - 1, DAYS)).drop("amount").cache()
        labels.count()
        read_windows(labels, read(str(tables / "events")), read(str(tables / "tiles")), asked.turns)
        publish_both(spark, Path(folder), asked)


def write(frame: DataFrame, path: Path, mode: str = "overwrite", **layout: str) -> None:
    """``frame`` as a Delta table with a change data feed."""
    frame.write.format("delta").mode(mode).options(**FEED, **layout).save(str(path))


def make_tiles(events: DataFrame, path: Path) -> None:
    """The tile table of ``events``."""
    tiles = to_tiles(events, card_table("events").rollings, keys="customer_id", time="as_of")
    tiles.write.format("delta").mode("overwrite").options(**FEED).partitionBy("hop").save(str(path))


def read_windows(labels: DataFrame, events: DataFrame, tiles: DataFrame, turns: int) -> None:
    """Exact windows for labels as rows among the events; and the same labels over tiles, of the days that the windows reach."""
    rolling = card_table("events").rollings
    only_events = [
        Rolling(**{**window, "name": f"w{i}", "hop": None, "where": "amount IS NOT NULL"}) for i, (_, window) in enumerate(WINDOWS)
    ]
    both = events.unionByName(labels, allowMissingColumns=True)
    since = F.timestamp_seconds(F.lit(START + (DAYS - 32) * DAY))
    last = F.timestamp_seconds(F.lit(START + (DAYS - 2) * DAY))
    reachable = tiles.where((F.col("at") > since) & ((F.col("hop") > 1) | (F.col("at") > last)))
    work = {
        "exact windows over all events": lambda: computed(
            with_rolling_features(both, only_events, keys="customer_id", time="as_of").where("amount IS NULL")
        ),
        "exact windows over the events they reach": lambda: computed(
            with_rolling_features(both.where(F.col("as_of") > since), only_events, keys="customer_id", time="as_of").where("amount IS NULL")
        ),
        "from all tiles": lambda: computed(with_tiled_features(labels, tiles, rolling, keys="customer_id", time="as_of")),
        "from the tiles they reach": lambda: computed(with_tiled_features(labels, reachable, rolling, keys="customer_id", time="as_of")),
    }
    seconds = {name: timed(each, turns) for name, each in work.items()}
    exact = seconds["exact windows over all events"]
    for name, taken in seconds.items():
        print(f"  {name}: {taken:.2f} s ({exact / taken:.1f} x)")


def publish_both(spark: SparkSession, folder: Path, asked: argparse.Namespace) -> None:
    """Everything, and then what one more hour of events changed."""
    for source in ("events", "tiles"):
        table, store = card_table(source), open_store(f"sqlite:///{folder / source}.db")
        full = publish(table, folder, store)
        print(f"  publish from {source}, everything: {full.seconds:.2f} s, {full.rows_written:,} keys")
    hour = events_between(spark, asked.rows // DAYS // 24, asked.keys, (DAYS, DAYS + 1 / 24)).cache()
    write(hour, folder / "tables" / "default" / "events", mode="append")
    merge_tiles(spark, folder / "tables" / "default", hour)
    for source in ("events", "tiles"):
        table, store = card_table(source), open_store(f"sqlite:///{folder / source}.db")
        changed = publish(table, folder, store)
        print(f"  publish from {source}, one more hour: {changed.seconds:.2f} s, {changed.rows_written:,} keys ({changed.mode})")


def merge_tiles(spark: SparkSession, tables: Path, hour: DataFrame) -> None:
    """The tiles of the keys that had an event, as an incremental refresh leaves them."""
    from delta.tables import DeltaTable

    events = (
        spark.read.format("delta")
        .load(str(tables / "events"))
        .join(hour.select("customer_id").distinct(), on="customer_id", how="left_semi")
    )
    tiles = to_tiles(events, card_table("events").rollings, keys="customer_id", time="as_of")
    fresh = tiles.where(F.col("at") >= F.timestamp_seconds(F.lit(START + DAYS * DAY)))
    same = "new.customer_id = old.customer_id AND new.hop = old.hop AND new.tile = old.tile"
    merge = DeltaTable.forPath(spark, str(tables / "tiles")).alias("old").merge(fresh.alias("new"), same)
    merge.whenMatchedUpdateAll().whenNotMatchedInsertAll().execute()


if __name__ == "__main__":
    main()
