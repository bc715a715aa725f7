"""Expressions that rise with a column: files are left out by them, so that a wrong one would lose rows."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from goldlane.pipelines.incremental.filebounds import ordered
from goldlane.pipelines.incremental.keys import keys_of
from goldlane.pipelines.incremental.monotone import rising_column

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

RISING = (
    "at",
    "to_date(at)",
    "cast(at AS date)",
    "date_trunc('hour', at)",
    "date_trunc('week', at)",
    "trunc(to_date(at), 'month')",
    "year(at)",
    "unix_micros(at) div 3600000000",
    "(unix_micros(at) + pmod(-unix_micros(at), 3600000000)) div 3600000000",
    "timestamp_micros(unix_micros(at) - pmod(unix_micros(at), 86400000000) + 86399999999)",
    "ceil(unix_seconds(at) / 86400)",
    "floor(n / 7) * 3 - 1",
    "date_add(day, 3)",
    "at + INTERVAL 2 HOURS",
    "window(at, '90 minutes').start",
    "window(at, '1 day')",
)
NOT_KNOWN = (
    "hour(at)",
    "pmod(n, 7)",
    "-n",
    "n * -2",
    "n div -3",
    "abs(n)",
    "cast(n AS tinyint)",
    "n - pmod(m, 7)",
    "n + m",
    "cast(n AS string)",
)


def test_what_rises_never_falls(spark: SparkSession) -> None:
    chance = random.Random(5)  # noqa: S311  repeatable, not secret
    rows = sorted(chance.randrange(-(10**16), 10**16) for _ in range(300))
    frame = spark.createDataFrame([(micros,) for micros in rows], "micros BIGINT").select(
        F.timestamp_micros("micros").alias("at"),
        F.timestamp_micros("micros").cast("date").alias("day"),
        F.expr("micros div 1000000").alias("n"),
    )

    # One frame for each: window() is a step of its own to Spark.
    for text in RISING:
        keyed = frame.select("n", F.expr(text).alias("key"))
        keys = [row.key for row in keyed.select("n", ordered(keyed, "key").alias("key")).orderBy("n").collect()]
        assert keys == sorted(keys), text


def test_only_what_rises_is_known_to(spark: SparkSession, tmp_path: Path) -> None:
    place = str(tmp_path / "events")
    spark.sql(f"CREATE TABLE delta.`{place}` (at TIMESTAMP, day DATE, n BIGINT, m BIGINT) USING delta")
    events = spark.read.format("delta").load(place)

    def is_known(text: str) -> bool:
        (at,) = keys_of(events.select(F.expr(text).alias("key")), [f"file:{place}"], ()).places.values()
        return rising_column(at["key"]) is not None

    assert [text for text in RISING if not is_known(text)] == []
    assert [text for text in NOT_KNOWN if is_known(text)] == []
