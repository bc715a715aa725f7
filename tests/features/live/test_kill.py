"""kill -9 at random moments: every event counts once, in the store and in the live table."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from goldlane.features.online import open_store
from tests.features.live.conftest import minute

# Spark's part is played by a file: the number of the batch that is next, written when a batch is over, as Spark commits it.
PUBLISHER = """
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa

from goldlane.features.declarations import Feature, FeatureTable, Rolling
from goldlane.features.live.batches import LiveBatches
from goldlane.features.live.course import Live
from goldlane.features.live.live_table import LiveTable
from goldlane.features.online import open_store

folder, last = Path(sys.argv[1]), int(sys.argv[2])
count = Feature(name="count_60m", type="bigint", description="n", rolling=Rolling(function="count", window="60m", hop="1m"))
table = FeatureTable(name="cards", keys=("card",), event_time="as_of", features=(count,))
partial = pa.struct([("count_60m", pa.struct([("n", pa.int64())]))])
names = ("card", "as_of", "event", "__goldlane_event_partials")
schema = pa.schema(list(zip(names, (pa.string(), pa.timestamp("us", "UTC"), pa.int64(), partial))))

class Batch:
    sparkSession = None
    def __init__(self, number):
        self.number = number
    def toArrow(self):
        at = datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=self.number)
        rows = [dict(zip(schema.names, (f"C{n % 3}", at, self.number * 5 + n, {"count_60m": {"n": 1}}))) for n in range(5)]
        return pa.Table.from_pylist(rows, schema=schema)

batches = LiveBatches(table, open_store(f"sqlite:///{folder}/online.db"), LiveTable(folder / "cards_live", "a-stream"), Live())
batches.restore()
next_batch = folder / "next"
for number in range(int(next_batch.read_text()) if next_batch.exists() else 0, last):
    batches.write(Batch(number), number)
    (folder / "new").write_text(str(number + 1))
    (folder / "new").replace(next_batch)
    print(number, flush=True)
"""
KILLS = 20


def start(folder: Path, last: int) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", PUBLISHER, str(folder), str(last)], stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_killed_at_twenty_moments_a_publisher_doubles_nothing_and_loses_nothing(tmp_path: Path) -> None:
    dice = random.Random(20)  # noqa: S311  moments, not secrets
    for _ in range(KILLS):
        with start(tmp_path, 10**6) as publisher:
            assert publisher.stdout is not None
            publisher.stdout.readline()  # it has published something since its start
            time.sleep(dice.random() * 0.2)
            publisher.kill()
    reached = int((tmp_path / "next").read_text()) + 2

    with start(tmp_path, reached) as publisher:
        publisher.communicate(timeout=60)

    events: Any = DeltaTable(str(tmp_path / "cards_live")).to_pyarrow_table()
    assert sorted(events.column("event").to_pylist()) == list(range(reached * 5))
    store = open_store(f"sqlite:///{tmp_path}/online.db")
    counts = [store.lookup("cards", {"card": f"C{n}"}, at=minute(reached / 60)).features["count_60m"] for n in range(3)]
    hour = min(reached, 3600)
    assert counts == [hour * 2, hour * 2, hour]
