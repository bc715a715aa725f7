"""A Spark frame goes to PostgreSQL from Spark's executors; under `local-cluster` they are processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from goldlane.errors import UsageError
from goldlane.features.declarations import Feature, FeatureTable
from goldlane.features.online import OnlineStore, StoreError, open_store
from goldlane.features.publishing import publish
from goldlane.testing.postgres_server import PASSWORD

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from goldlane.testing.postgres_server import PostgresServer

ROOT = Path(__file__).resolve().parents[3]
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
TABLE = FeatureTable(
    name="merchants",
    keys=("merchant_id",),
    event_time="as_of",
    features=(
        Feature(name="speed", type="double", description="a value"),
        Feature(name="owed", type="decimal(18,2)", description="a value"),
    ),
)


@pytest.fixture
def store(postgres_url: str) -> Any:
    store = open_store(postgres_url)
    yield store
    store.close()


def frame(spark: SparkSession, count: int, hour: int, twice: int = 1) -> DataFrame:
    """``count`` keys, each ``twice``, a NULL key and a NULL time, in four partitions."""
    at = (START + timedelta(hours=hour)).isoformat()
    rows = spark.range(0, count * twice, 1, 4).selectExpr(
        f"concat('M', id % {count}) AS merchant_id",
        f"timestamp '{at}' - make_interval(0, 0, 0, 0, 0, 0, id div {count}) AS as_of",
        "if(id % 7 = 0, double('NaN'), id / 2D) AS speed",
        "cast(id AS decimal(18,2)) AS owed",
        "'not declared' AS more",
    )
    broken = rows.limit(2).selectExpr(
        "if(merchant_id = 'M0', NULL, merchant_id)", "if(merchant_id = 'M0', as_of, NULL)", "speed", "owed", "more"
    )
    return rows.unionAll(broken)


def answers(store: OnlineStore, *numbers: int) -> list[Any]:
    return [answer.features for answer in store.lookup_many("merchants", [{"merchant_id": f"M{n}"} for n in numbers])]


def test_executors_write_what_the_driver_would(spark: SparkSession, store: OnlineStore) -> None:
    from decimal import Decimal

    first = publish(TABLE, frame(spark, 1000, 10, twice=2), store, mode="snapshot")
    late = publish(TABLE, frame(spark, 500, 9), store)
    newer = publish(TABLE, frame(spark, 1500, 11), store)

    assert (first.rows_written, first.rows_late, first.rows_rejected) == (1000, 1000, 2)
    assert (late.rows_written, late.rows_late, late.rows_rejected) == (0, 500, 2)
    assert (newer.rows_written, newer.rows_late) == (1500, 0)
    assert answers(store, 1, 1499) == [{"speed": 0.5, "owed": Decimal("1.00")}, {"speed": 749.5, "owed": Decimal("1499.00")}]
    assert store.lookup("merchants", {"merchant_id": "M1"}).as_of == START + timedelta(hours=11)


def test_forgotten_keys_are_left_out_by_executors_too(spark: SparkSession, store: OnlineStore) -> None:
    publish(TABLE, frame(spark, 10, 10), store)
    store.forget("merchants", {"merchant_id": "M3"})

    published = publish(TABLE, frame(spark, 10, 11), store)

    assert (published.rows_written, published.rows_forgotten) == (9, 1)


def test_an_executors_mistake_is_told_as_ours_and_leaves_the_store_as_it_was(
    spark: SparkSession, store: OnlineStore, postgres_url: str
) -> None:
    publish(TABLE, frame(spark, 10, 10), store)
    long = frame(spark, 10, 11).selectExpr("concat(merchant_id, char(0)) AS merchant_id", "as_of", "speed", "owed")

    with pytest.raises((UsageError, StoreError), match=r"NUL|invalid byte sequence"):
        publish(TABLE, long, store)

    assert store.lookup("merchants", {"merchant_id": "M1"}).as_of == START + timedelta(hours=10)
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT relname FROM pg_class WHERE relname LIKE 'goldlane_rows%'").fetchall() == []


def test_what_an_executor_says_holds_no_password(spark: SparkSession, postgres_server: PostgresServer) -> None:
    schema = postgres_server.new_schema().rpartition("%3D")[2]
    store = open_store(postgres_server.url(schema, host="127.0.0.1", password=PASSWORD))
    wrong = frame(spark, 10, 10).selectExpr("concat(merchant_id, char(0)) AS merchant_id", "as_of", "speed", "owed")

    with pytest.raises((UsageError, StoreError)) as caught:
        publish(TABLE, wrong, store)

    assert PASSWORD not in str(caught.getrepr(style="short"))


@pytest.mark.slow
def test_executors_in_processes_of_their_own_write_too() -> None:
    environment = {**os.environ, "GOLDLANE_TEST_MASTER": "local-cluster[2,1,1024]", "GOLDLANE_QUICK_JVM": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider", __file__]

    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False)

    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-2000:]
