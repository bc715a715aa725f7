"""The handbook's twelve windows, by Goldlane and as one writes them in Spark; rows like its own; and the published answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from goldlane.features import Rolling, with_rolling_features

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

DAYS = (1, 7, 30)
DAY_US = 86_400_000_000
DELAY = 7
CUSTOMER_WINDOWS = tuple(
    window
    for days in DAYS
    for window in (
        Rolling(name=f"CUSTOMER_N_{days}", function="count", window=f"{days}d"),
        Rolling(name=f"CUSTOMER_MEAN_{days}", function="mean", column="TX_AMOUNT", window=f"{days}d"),
    )
)
TERMINAL_WINDOWS = tuple(
    window
    for days in DAYS
    for window in (
        Rolling(name=f"TERMINAL_N_{days}", function="count", window=f"{days}d", delay=f"{DELAY}d"),
        Rolling(name=f"TERMINAL_RISK_{days}", function="mean", column="TX_FRAUD", window=f"{days}d", delay=f"{DELAY}d", default=0.0),
    )
)


def ours(events: DataFrame) -> DataFrame:
    """The handbook's twelve windows, by Goldlane."""
    customers = with_rolling_features(events, CUSTOMER_WINDOWS, keys="CUSTOMER_ID", time="TX_DATETIME")
    return with_rolling_features(customers, TERMINAL_WINDOWS, keys="TERMINAL_ID", time="TX_DATETIME")


def plain(events: DataFrame) -> DataFrame:
    """The same, as one writes it in Spark."""
    timed = events.withColumn("at", F.unix_micros("TX_DATETIME"))
    customer, terminal = (Window.partitionBy(key).orderBy("at") for key in ("CUSTOMER_ID", "TERMINAL_ID"))
    for days in DAYS:
        frame = customer.rangeBetween(-days * DAY_US + 1, 0)
        timed = timed.withColumn(f"CUSTOMER_N_{days}", F.count("*").over(frame))
        timed = timed.withColumn(f"CUSTOMER_MEAN_{days}", F.avg("TX_AMOUNT").over(frame))
    for days in DAYS:
        frame = terminal.rangeBetween(-(days + DELAY) * DAY_US + 1, -DELAY * DAY_US)
        timed = timed.withColumn(f"TERMINAL_N_{days}", F.count("*").over(frame))
        timed = timed.withColumn(f"TERMINAL_RISK_{days}", F.coalesce(F.avg("TX_FRAUD").over(frame), F.lit(0.0)))
    return timed.drop("at")


def sorted_only(events: DataFrame) -> DataFrame:
    """What both cannot do without."""
    timed = events.withColumn("at", F.unix_micros("TX_DATETIME"))
    for key in ("CUSTOMER_ID", "TERMINAL_ID"):
        timed = timed.repartition(key).sortWithinPartitions(key, "at")
    return timed


def made_up(spark: SparkSession, folder: str, rows: int) -> DataFrame:
    """Transactions like the handbook's: half a year, some 5,000 customers and 10,000 terminals, amounts with two digits."""
    columns = {
        "TRANSACTION_ID": "id",
        "TX_DATETIME": f"timestamp_seconds(1522540800 + floor(id * {183 * 86_400} / {rows}))",
        "CUSTOMER_ID": "cast(abs(hash(id, 1)) % 5000 + 1 AS int)",
        "TERMINAL_ID": "cast(abs(hash(id, 2)) % 10000 + 1 AS int)",
        "TX_AMOUNT": "(abs(hash(id, 3)) % 20000) / 100D",
        "TX_FRAUD": "cast(abs(hash(id, 4)) % 120 = 0 AS tinyint)",
    }
    path = f"{folder}/made"
    spark.range(0, rows, 1, 4).select(*(F.expr(sql).alias(name) for name, sql in columns.items())).write.parquet(path)
    return spark.read.parquet(path)


def compare_with_published(spark: SparkSession, events: DataFrame, data: Path) -> None:
    """Prints how many published values of the development entities differ from ours, computed over all of ``events``."""
    computed = ours(events)
    for key, risk in (("CUSTOMER", "AVG_AMOUNT"), ("TERMINAL", "RISK")):
        published = spark.read.parquet(*(str(file) for file in sorted(data.glob(f"*_{key[:4].lower()}*.parquet"))))
        mine = "RISK" if key == "TERMINAL" else "MEAN"
        ids = published.select("TRANSACTION_ID", *(name for name in published.columns if name.startswith(f"{key}_ID_"))).distinct()
        differs = " OR ".join(
            f"{key}_N_{days} <> {key}_ID_NB_TX_{days}DAY_WINDOW OR abs({key}_{mine}_{days} - {key}_ID_{risk}_{days}DAY_WINDOW) > 1e-9"
            for days in DAYS
        )
        # The publication counts two rows of one customer and second by position.
        tied = Window.partitionBy(f"{key}_ID", "TX_DATETIME")
        beside = computed.withColumn("tied", F.count("*").over(tied) > 1).join(ids, "TRANSACTION_ID")
        rows, wrong, in_ties = beside.selectExpr(
            "count(*)", f"count_if((coalesce({differs}, true)) AND NOT tied)", f"count_if(({differs}) AND tied)"
        ).first() or (0, 0, 0)
        print(f"{key.lower()}s: {rows:,} rows published, {wrong} mismatches, and {in_ties} in tied seconds")
