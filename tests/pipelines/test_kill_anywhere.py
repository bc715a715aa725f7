"""kill -9 at random moments, twenty times over, each followed by an update that ends: no row is lost, none is there twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

KILLS, MOST_STARTS, ROWS = 20, 40, 30
PATIENCE_S = 240
SOURCE = """
    import dlt
    from pyspark.sql import functions as F

    @dlt.table
    def bronze():
        stream = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").option("cloudFiles.maxFilesPerTrigger", 1)
        return stream.schema("number INT, id STRING, amount INT").load("{landing}")

    @dlt.table
    @dlt.expect_or_drop("is_positive", "amount > 0")
    def silver():
        return dlt.read_stream("bronze")

    dlt.create_streaming_table("newest")
    dlt.create_auto_cdc_flow(target="newest", source="silver", keys=["id"], sequence_by="number", stored_as_scd_type=1)

    @dlt.table
    def totals():
        return dlt.read("newest").agg(F.count("*").alias("ids"), F.sum("amount").alias("amount"))
"""


class Deliveries:
    """Files of orders, and what the tables must hold once all of them went through."""

    def __init__(self, project: Any, chance: random.Random) -> None:
        self._project, self._chance, self._count, self.rows = project, chance, 0, []  # type: ignore[var-annotated]

    def more(self) -> None:
        """Two files, so that an update takes two micro-batches at least."""
        for _ in range(2):
            start = len(self.rows)
            rows = [
                {"number": start + offset, "id": f"o{self._chance.randrange(15)}", "amount": self._chance.randrange(-2, 10)}
                for offset in range(ROWS)
            ]
            self.rows += rows
            self._count += 1
            self._project.land(f"{self._count:04}.json", *rows)

    def check(self) -> None:
        bronze = Counter((row["number"], row["id"], row["amount"]) for row in self.rows)
        silver = Counter({row: count for row, count in bronze.items() if row[2] > 0})
        newest = {row[1]: row for row in sorted(silver)}
        assert Counter(self._project.rows("bronze", "number", "id", "amount")) == bronze
        assert Counter(self._project.rows("silver", "number", "id", "amount")) == silver
        assert Counter(self._project.rows("newest", "number", "id", "amount")) == Counter(newest.values())
        assert self._project.rows("totals", "ids", "amount") == [(len(newest), sum(row[2] for row in newest.values()))]


def run_and_kill(project: Any, log: Path, delay: float) -> bool:
    """Whether the command, killed ``delay`` seconds after it began to write, was still running then."""
    command = [sys.executable, "-m", "goldlane.cli", "run", str(project.folder / "lane"), "--storage", str(project.storage)]
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=project.folder, stdout=out, stderr=out, start_new_session=True)
        patience = time.monotonic() + PATIENCE_S
        while "is RUNNING." not in log.read_text() and process.poll() is None and time.monotonic() < patience:
            time.sleep(0.02)
        time.sleep(delay)
        was_running = process.poll() is None
        os.killpg(process.pid, signal.SIGKILL) if was_running else None
        code = process.wait()
    assert was_running or code == 0, log.read_text()
    return was_running


def test_twenty_kills_lose_no_row_and_double_none(project: Any, tmp_path: Path) -> None:
    project.write("lane/lane.py", SOURCE.replace("{landing}", str(project.folder / "landing")))
    chance, kills, starts, longest = random.Random(20), 0, 0, 6.0  # noqa: S311  repeatable, not secret
    deliveries = Deliveries(project, chance)

    while kills < KILLS:
        starts += 1
        assert starts <= MOST_STARTS, f"only {kills} of {starts} updates were still running when they were killed"
        deliveries.more()
        if run_and_kill(project, tmp_path / f"{starts}.log", chance.uniform(0, longest)):
            kills += 1
        else:
            longest *= 0.9
        project.run().raise_for_status()
        deliveries.check()
