"""From an event appended at the source to its value readable in the store, in milliseconds.

    python benchmarks/real_time.py PATH [--events 120] [--every 0.5] [--store URL]

PATH: ``files`` (a JSON file lands; the rows are served as they are), ``delta`` (a row is appended to a Delta table that a stream reads),
``lane`` (a landing file of the payments lane; its velocity tiles are served), ``gold`` (a row is appended to a gold table with a change
feed; no JVM), ``chain`` (a JSON file lands; ``goldlane run --continuous`` takes it through a bronze, a silver and a gold streaming table).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from goldlane.features.declarations import Feature, FeatureTable
from goldlane.features.live import Applied, Live
from goldlane.features.online import OnlineStore, open_store
from goldlane.features.publishing import publish

WARM_UP = 15
TABLE = FeatureTable(
    name="cards",
    keys=("card_id",),
    event_time="as_of",
    features=(Feature(name="amount", type="double", description="amount"), Feature(name="shop", type="string", description="shop")),
)
SCHEMA = pa.schema([("card_id", pa.string()), ("as_of", pa.timestamp("us", "UTC")), ("amount", pa.float64()), ("shop", pa.string())])
CHAIN = """
import dlt
from pyspark.sql import functions as F

@dlt.table
def bronze():
    return spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").schema(
        "card_id STRING, as_of TIMESTAMP, amount DOUBLE, shop STRING").load({landing!r})

@dlt.table
@dlt.expect_or_drop("has_card", "card_id IS NOT NULL")
def silver():
    return dlt.read_stream("bronze").withColumn("shop", F.upper("shop"))

@dlt.table(table_properties={{"delta.enableChangeDataFeed": "true"}})
def cards():
    return dlt.read_stream("silver").select("card_id", "as_of", "amount", "shop")
"""


@dataclass
class Bench:
    """A folder, a store, and the publisher that runs beside."""

    folder: Path
    store: OnlineStore
    live: Live
    batches: list[Applied] = field(default_factory=list)
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def storage(self) -> Path:
        """Where the publisher keeps what it must remember."""
        return self.folder / "storage"

    def start(self, table: FeatureTable, source: Any) -> None:
        """Publish continuously in a thread."""
        live = replace(self.live, on_applied=self.batches.append)
        thread = threading.Thread(target=publish, args=(table, source, self.store, "continuous"), kwargs={"live": live}, daemon=True)
        thread.start()

    def land(self, number: int, event: dict[str, Any], feed: str = "landing") -> None:
        """One event in a file that appears at once."""
        folder = self.folder / feed
        folder.mkdir(exist_ok=True, parents=True)
        hidden = folder / f".{number}"
        hidden.write_text(json.dumps(event) + "\n", encoding="utf-8")
        hidden.rename(folder / f"{number:06}.json")


def row_of(number: int) -> dict[str, Any]:
    """The event of that number: 50 cards take turns."""
    return {"card_id": f"C{number % 50}", "as_of": datetime.now(timezone.utc).isoformat(), "amount": float(number), "shop": "a"}


def files(bench: Bench) -> tuple[Callable[[int], None], Callable[[int], bool]]:
    """Landing files, served as they are."""
    from goldlane.features.live.session import live_session

    bench.land(0, row_of(0))
    schema = "card_id string, as_of timestamp, amount double, shop string"
    bench.start(TABLE, live_session({}).readStream.schema(schema).json(str(bench.folder / "landing")))
    return lambda number: bench.land(number, row_of(number)), lambda number: seen(bench, number)


def seen(bench: Bench, number: int) -> bool:
    """Whether the event can be read."""
    try:
        return bool(bench.store.lookup("cards", {"card_id": f"C{number % 50}"}, "empty").features["amount"] == float(number))
    except Exception:  # noqa: BLE001  the store does not exist yet
        return False


def append(path: Path, number: int) -> None:
    """One event in a Delta commit."""
    row = {**row_of(number), "as_of": datetime.now(timezone.utc)}
    path.parent.mkdir(parents=True, exist_ok=True)
    data = pa.Table.from_pylist([row], schema=SCHEMA)
    write_deltalake(str(path), data, mode="append", configuration={"delta.enableChangeDataFeed": "true"} if number == 0 else None)


def delta(bench: Bench) -> tuple[Callable[[int], None], Callable[[int], bool]]:
    """Delta commits, read as a stream."""
    from goldlane.features.live.session import live_session

    source = bench.folder / "source"
    append(source, 0)
    bench.start(TABLE, live_session({}).readStream.format("delta").load(str(source)))
    return lambda number: append(source, number), lambda number: seen(bench, number)


def gold(bench: Bench) -> tuple[Callable[[int], None], Callable[[int], bool]]:
    """Delta commits of a gold table, read without a JVM."""
    path = bench.storage / "tables" / "default" / "cards"
    append(path, 0)
    bench.start(TABLE, bench.storage)
    return lambda number: append(path, number), lambda number: seen(bench, number)


def lane(bench: Bench) -> tuple[Callable[[int], None], Callable[[int], bool]]:
    """The lane's landing files, served as velocity from tiles."""
    from features import REAL_TIME_FEATURES
    from goldlane.features.live.session import live_session
    from pipelines.live import card_events

    def land(number: int) -> None:
        event = {
            "transaction_id": f"T{number}",
            "customer_id": f"C{number % 50}",
            "merchant_id": "M1",
            "amount": "1.00",
            "currency": "EUR",
            "event_time": datetime.now(timezone.utc).isoformat(),
        }
        bench.land(number, event, "landing/transactions")

    def readable(number: int) -> bool:
        try:
            answer = bench.store.lookup("real_time_features", {"customer_id": f"C{number % 50}"}, "empty")
        except Exception:  # noqa: BLE001  the store does not exist yet
            return False
        return bool(answer.features["txn_count_24h"] == number // 50 + 1)

    land(0)
    spark = live_session({"payments.landing": str(bench.folder / "landing")})
    bench.start(REAL_TIME_FEATURES, card_events(spark))
    return land, readable


def chain(bench: Bench) -> tuple[Callable[[int], None], Callable[[int], bool]]:
    """Landing files, by way of bronze, silver and gold."""
    bench.land(0, row_of(0))
    source = bench.folder / "chain.py"
    source.write_text(CHAIN.format(landing=str(bench.folder / "landing")), encoding="utf-8")
    command = [sys.executable, "-m", "goldlane.cli", "run", str(source), "--storage", str(bench.storage), "--continuous"]
    command += ["--conf", "pipelines.trigger.interval=100 ms", "--conf", "spark.sql.shuffle.partitions=1"]
    with (bench.folder / "run.log").open("wb") as log:
        bench.children.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=bench.folder))
    while not (bench.storage / "tables" / "default" / "cards" / "_delta_log").is_dir():
        time.sleep(0.2)
    bench.start(TABLE, bench.storage)
    return lambda number: bench.land(number, row_of(number)), lambda number: seen(bench, number)


PATHS = {"files": files, "delta": delta, "gold": gold, "lane": lane, "chain": chain}


def waited(readable: Callable[[int], bool], number: int, patience: float) -> float:
    """Seconds until the event can be read."""
    started = time.perf_counter()
    while not readable(number):
        if time.perf_counter() - started > patience:
            raise SystemExit(f"event {number} did not arrive in {patience:.0f} s")
        time.sleep(0.002)
    return time.perf_counter() - started


def main() -> None:
    """One path, measured and printed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", choices=PATHS)
    parser.add_argument("--events", type=int, default=120)
    parser.add_argument("--every", type=float, default=0.5, help="seconds between two events")
    parser.add_argument("--store", default=None)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="live-bench-") as folder:
        store = open_store(asked.store or f"sqlite:///{folder}/online.db")
        bench = Bench(Path(folder), store, Live(storage=Path(folder) / "storage", every_s=0.05))
        bench.storage.mkdir()
        send, readable = PATHS[asked.path](bench)
        waited(readable, 0, 180)
        for number in range(1, WARM_UP):
            send(number)
            waited(readable, number, 60)
        load, latencies = os.getloadavg()[0], []
        for number in range(WARM_UP, WARM_UP + asked.events):
            begun = time.perf_counter()
            send(number)
            latencies.append(waited(readable, number, 60))
            time.sleep(max(0.0, asked.every - (time.perf_counter() - begun)))
        bench.live.stop.ask()
        for child in bench.children:
            child.terminate()
            child.wait()
        tell(asked.path, latencies, bench, load)
        time.sleep(1)


def tell(path: str, latencies: list[float], bench: Bench, load: float) -> None:
    """The figures, as one line of JSON."""
    found = {"path": path, "events": len(latencies)}
    cuts = statistics.quantiles(latencies, n=100, method="inclusive")
    found |= {"p50_ms": round(cuts[49] * 1000), "p95_ms": round(cuts[94] * 1000), "max_ms": round(max(latencies) * 1000)}
    batches = [applied.seconds for applied in bench.batches[WARM_UP:]]
    found |= {"publishing_p50_ms": round(statistics.median(batches) * 1000), "load_before": load, "load_after": os.getloadavg()[0]}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
