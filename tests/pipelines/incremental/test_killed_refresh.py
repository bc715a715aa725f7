"""kill -9 while views are refreshed by key, each followed by an update that ends: every view equals its query, no row twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

QUERIES = """
from pyspark.sql import functions as F

def days(read):
    return read("orders").groupBy("customer", F.to_date("at").alias("day")).agg(F.sum("amount").alias("amount"), F.count("*").alias("n"))

def big(read):
    return read("orders").where("amount > 3").select("id", "customer", "amount")

def keyed(read):
    return read("orders").select("id", "customer", "amount")

ALL = {"days": days, "big": big, "keyed": keyed}
"""
KEYED = "id BIGINT NOT NULL, customer STRING, amount BIGINT, CONSTRAINT pk PRIMARY KEY (id)"
KILLS, MOST_STARTS, LONGEST_S, PATIENCE_S = 2, 8, 6.0, 240


def killed(lane: Any, log: Path, delay: float) -> bool:
    """Whether an update in a process of its own was still running ``delay`` seconds after its views began."""
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "goldlane.cli", *lane.arguments()], stdout=out, stderr=out, start_new_session=True
        )
        patience = time.monotonic() + PATIENCE_S
        while "is RUNNING." not in log.read_text() and process.poll() is None and time.monotonic() < patience:
            time.sleep(0.02)
        time.sleep(delay)
        was_running = process.poll() is None
        if was_running:
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
    assert was_running or code == 0, log.read_text()
    return was_running


def test_kills_during_a_refresh_by_key_lose_no_row_and_double_none(new_lane: Callable[..., Any], tmp_path: Path) -> None:
    lane, chance = new_lane(QUERIES, {"keyed": KEYED}), random.Random(7)  # noqa: S311  repeatable, not secret
    lane.append("customers", {"customer": "a", "name": "A"})
    lane.append("orders", *(lane.order(number, "abc"[number % 3], number % 9, day=number % 5) for number in range(30)))
    lane.run()

    kills, longest = 0, LONGEST_S
    for start in range(1, MOST_STARTS + 1):
        lane.append("orders", *(lane.order(100 * start + n, chance.choice(["a", "e", None]), n, day=chance.randrange(8)) for n in range(6)))
        lane.delta("orders").delete(f"id % 11 = {start}")
        if killed(lane, tmp_path / f"{start}.log", chance.uniform(0.5, longest)):
            kills += 1
        else:
            longest *= 0.8
        update = lane.run()
        assert lane.wrong(update) == {}
        if kills == KILLS:
            return
    pytest.fail(f"only {kills} of {MOST_STARTS} updates were still running when they were killed")
