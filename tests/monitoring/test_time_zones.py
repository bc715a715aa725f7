"""Windows are UTC, whatever clock the session goes by: on the day it skips an hour, and on the day it repeats one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from goldlane.monitoring import Monitor, TimeSeries
from goldlane.monitoring.columns import watched_columns
from goldlane.monitoring.windows import placed_us

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from conftest import Lake

SKIPPED, REPEATED, PLAIN = "2026-03-29 02:30:00.123456", "2026-10-25 02:30:00", "2026-07-01 00:30:00"
MIDNIGHT = "2026-03-29 00:00:00"
ZONED = {
    "2026-03-29T02:30:00Z": "2026-03-29 02:30:00",
    "2026-03-29 02:30:00+02:00": "2026-03-29 00:30:00",
    "2026-07-01 00:30:00 America/New_York": "2026-07-01 04:30:00",
    " 2026-07-01 00:30 ": PLAIN,
    "2026-07-01": "2026-07-01 00:00:00",
    "2026-07": "2026-07-01 00:00:00",
    "the first of July": None,
    "2026-02-30": None,
    "": None,
}


@contextmanager
def clock(spark: SparkSession, zone: str) -> Iterator[SparkSession]:
    """The session by the clock of a place."""
    before = str(spark.conf.get("spark.sql.session.timeZone"))
    spark.conf.set("spark.sql.session.timeZone", zone)
    try:
        yield spark
    finally:
        spark.conf.set("spark.sql.session.timeZone", before)


@pytest.fixture(scope="module", params=["Europe/Berlin", "America/New_York", "UTC"])
def session(spark: SparkSession, request: pytest.FixtureRequest) -> Iterator[SparkSession]:
    with clock(spark, request.param) as session:
        yield session


def microseconds(text: str | None) -> int | None:
    """The instant that text says, read as UTC."""
    return None if text is None else round(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp() * 1e6)


def placed(frame: DataFrame) -> list[int | None]:
    (column,) = watched_columns(frame.schema)
    return [row["at"] for row in frame.select(placed_us(column).alias("at")).collect()]


@pytest.mark.parametrize("sql", ["SELECT TIMESTAMP_NTZ '{0}' AS at", "SELECT '{0}' AS at", "SELECT TIMESTAMP '{0}Z' AS at"])
def test_a_time_is_placed_as_utc(session: SparkSession, sql: str) -> None:
    several = session.sql(" UNION ALL ".join(sql.format(text) for text in (SKIPPED, REPEATED, PLAIN)))

    assert placed(several) == [microseconds(text) for text in (SKIPPED, REPEATED, PLAIN)]


def test_a_date_is_its_midnight_in_utc(session: SparkSession) -> None:
    assert placed(session.sql("SELECT DATE '2026-03-29' AS at UNION ALL SELECT DATE '1969-12-31'")) == [
        microseconds(MIDNIGHT),
        -86_400_000_000,
    ]


def test_text_that_says_its_zone_is_read_by_it_and_what_is_no_time_is_in_no_window(session: SparkSession) -> None:
    texts = session.createDataFrame([(text,) for text in ZONED], "at STRING").coalesce(1)

    assert dict(zip(ZONED, placed(texts), strict=True)) == {text: microseconds(said) for text, said in ZONED.items()}


@pytest.mark.slow  # two refreshes
def test_rows_without_a_time_are_counted_in_a_note_when_they_come(lake: Lake) -> None:
    monitor = Monitor(table="visits", profile=TimeSeries(timestamp="at", granularities=("1 hour",)))
    with clock(lake.spark, "Europe/Berlin"):
        lake.land("visits", pa.table({"at": ["2026-03-29 02:30:00", "2026-03-29T03:30:00+02:00", "soon"]}))
        first = lake.refresh(monitor)
        lake.land("visits", pa.table({"at": ["2026-03-29 02:40:00", "later", None]}))
        second = lake.refresh(monitor)

    counts = {row["window"]["start"].hour: row["count"] for row in lake.profile("visits", column_name=":table")}
    assert first.notes == ("1 rows have no at from the year 4 to 9996 and are in no window",)
    assert (second.is_whole, second.notes) == (False, ("2 rows have no at from the year 4 to 9996 and are in no window",))
    assert counts == {1: 1, 2: 2}
