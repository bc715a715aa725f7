"""kill -9 in the middle of ``goldlane run``, then ``goldlane run`` again: the tables of an update that nobody disturbed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import functions as F

import goldlane
from pipelines.sample import plan

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from goldlane.pipelines import Update

pytestmark = pytest.mark.slow

PIPELINE = Path(__file__).resolve().parents[2] / "pipelines" / "dlt"
SAMPLE = plan(transactions=200, seed=5, faults=0.2, batches=2)
PATIENCE_S = 240
# When the update ran, and how Spark split the reading.
CHANCE = ("_ingested_at", "_quarantined_at", "_row")
Tables = dict[str, list[str]]


class Work:
    """One landing folder and the storage that it is run into."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self._spark, self._folder = spark, folder
        self._landing, self.storage = folder / "landing", folder / "storage"

    def deliver(self, batch: int) -> None:
        SAMPLE.deliver(self._landing, batch)

    def run(self) -> Update:
        landing = {"payments.landing": str(self._landing)}
        return goldlane.run(PIPELINE, storage=self.storage, spark=self._spark, configuration=landing).raise_for_status()

    def run_until(self, moment: Callable[[], bool]) -> None:
        """Kills the command and its JVM as soon as ``moment`` is there."""
        command = [sys.executable, "-m", "goldlane.cli", "run", str(PIPELINE), "--storage", str(self.storage)]
        log = self._folder / "killed.log"
        with log.open("w") as out:
            conf = ["--conf", f"payments.landing={self._landing}"]
            process = subprocess.Popen([*command, *conf], stdout=out, stderr=out, start_new_session=True)
            patience = time.monotonic() + PATIENCE_S
            while not moment() and process.poll() is None and time.monotonic() < patience:
                time.sleep(0.005)
            was_running = process.poll() is None
            os.killpg(process.pid, signal.SIGKILL) if was_running else None
            process.wait()
        assert was_running, f"the update ended before it could be killed:\n{log.read_text()}"
        assert moment(), f"the moment never came:\n{log.read_text()}"

    def commits(self, table: str) -> int:
        return len(list(self._place(table).glob("_delta_log/*.json")))

    def files(self, table: str) -> int:
        return len(list(self._place(table).glob("*.parquet")))

    def tables(self) -> Tables:
        """Every row of every table, as text."""
        names = sorted(folder.name for folder in self._place("").iterdir())
        return {name: sorted(map(str, self._plain(name).collect())) for name in names}

    def _plain(self, name: str) -> DataFrame:
        rows = self._spark.read.format("delta").load(str(self._place(name))).drop(*CHANCE)
        if name == "real_time_features":
            return rows.drop("amount")  # of a sale and its correction in one micro-batch, the stream keeps either
        if name == "real_time_features_tiles":
            return rows.withColumn("partials", F.col("partials").dropFields("txn_amount_5m", "txn_amount_1h", "txn_amount_24h"))  # as above
        return rows.withColumn("_source_file", F.regexp_extract("_source_file", "[^/]+$", 0)) if "_source_file" in rows.columns else rows

    def _place(self, table: str) -> Path:
        return self.storage / "tables" / "default" / table


@pytest.fixture(scope="module")
def undisturbed(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[Tables, Tables]:
    """The tables after the first delivery, and after the second."""
    work = Work(spark, tmp_path_factory.mktemp("undisturbed"))
    states = []
    for batch in (1, 2):
        work.deliver(batch)
        work.run()
        states.append(work.tables())
    return states[0], states[1]


def is_committed(work: Work, table: str, commits: int) -> Callable[[], bool]:
    """The rows are in the table, and the stream does not know it yet."""
    return lambda: work.commits(table) >= commits


def is_being_written(work: Work, table: str) -> Callable[[], bool]:
    """A data file is there that no commit names."""
    return lambda: work.files(table) > 0


MOMENTS: dict[str, Callable[[Work], Callable[[], bool]]] = {
    "bronze is committed": lambda work: is_committed(work, "bronze_transactions", 2),
    "silver is committed": lambda work: is_committed(work, "silver_transactions", 2),
    "gold is being written": lambda work: is_being_written(work, "customer_features"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_update_after_a_kill_ends_as_if_nothing_had_happened(
    spark: SparkSession, tmp_path: Path, undisturbed: tuple[Tables, Tables], moment: str
) -> None:
    work = Work(spark, tmp_path)
    work.deliver(1)
    work.run_until(MOMENTS[moment](work))

    work.run()

    assert work.tables() == undisturbed[0]


def test_so_does_one_that_was_killed_over_the_second_delivery(
    spark: SparkSession, tmp_path: Path, undisturbed: tuple[Tables, Tables]
) -> None:
    work = Work(spark, tmp_path)
    work.deliver(1)
    work.run()
    work.deliver(2)
    work.run_until(is_committed(work, "silver_transactions", work.commits("silver_transactions") + 1))

    work.run()

    assert work.tables() == undisturbed[1]
