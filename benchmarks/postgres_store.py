"""The PostgreSQL store beside psycopg alone: publishing, and one, many and several lookups. It starts a server of its own.

python benchmarks/postgres_store.py --rows 1000000
"""

# ruff: noqa: S608  column names of our own

from __future__ import annotations

import argparse
import asyncio
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from goldlane.features.arrow_batches import arrow_schema
from goldlane.features.declarations import Feature, FeatureTable
from goldlane.features.gold import gold_path
from goldlane.features.online import open_async_store, open_store
from goldlane.features.publishing import publish
from goldlane.testing.postgres_server import postgres_server

AT = datetime(2026, 1, 1, tzinfo=timezone.utc)
KINDS = ["double"] * 5 + ["bigint"] * 3 + ["string", "boolean"]
FEATURES = tuple(Feature(name=f"f{n}", type=kind, description="a value") for n, kind in enumerate(KINDS))
TABLES = [FeatureTable(name=name, keys=("k",), event_time="t", features=FEATURES) for name in ("cards", "customers", "merchants")]
BATCH = 100_000


def main() -> None:
    """Print every figure with its ratio to psycopg alone, measured in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--reads", type=int, default=5_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, postgres_server("max_wal_size=4GB") as server:
        url = server.new_schema()
        publishing(Path(folder), url, arguments.rows)
        for table in TABLES[1:]:
            publish(table, whole(table, 0, 10_000), open_store(url))
        reading(url, arguments.reads)


def publishing(storage: Path, url: str, rows: int) -> None:
    """A snapshot, the same again over what is there, and 10,000 changed keys."""
    table, store = TABLES[0], open_store(url)
    place = str(gold_path(table, storage))
    schema = arrow_schema(table)
    batches = (batch for start in range(0, rows, BATCH) for batch in whole(table, start, min(BATCH, rows - start)).to_batches())
    write_deltalake(place, pa.RecordBatchReader.from_batches(schema, batches), configuration={"delta.enableChangeDataFeed": "true"})
    for what in ("publish", "publish again"):
        published = publish(table, storage, store, mode="snapshot")
        print(f"{what:30} {rows / published.seconds:12,.0f} rows/s {published.seconds:8.1f} s  {memory():6.0f} MB at most so far")
    changed = [f"K{n:09}" for n in range(0, rows, max(1, rows // 10_000))]
    DeltaTable(place).update(updates={"f5": "f5 + 1"}, predicate=f"k IN ({', '.join(map(repr, changed))})")
    published = publish(table, storage, store)
    speed, what = published.rows_written / published.seconds, f"triggered, {published.rows_written:,} changed"
    print(f"{what:30} {speed:12,.0f} rows/s {published.seconds:8.2f} s")


def reading(url: str, reads: int) -> None:
    """The store, and psycopg alone with the same rows in hand, by turns."""
    store, key = open_store(url), {"k": "K000000777"}
    many = [{"k": f"K{n:09}"} for n in range(100)]
    all_keys = {table.name: key for table in TABLES}
    with psycopg.connect(url, autocommit=True, prepare_threshold=0) as raw:
        columns = ", ".join(["t", *(feature.name for feature in FEATURES)])
        one = f"SELECT {columns} FROM cards WHERE k = %s"
        hundred = f"SELECT {columns} FROM cards WHERE k = ANY(%s)"
        three = " LEFT JOIN ".join(["(SELECT 1) AS one", *(f"{table.name} ON {table.name}.k = %s" for table in TABLES)])
        three = f"SELECT {', '.join(f'{table.name}.*' for table in TABLES)} FROM {three}"
        texts = [each["k"] for each in many]
        compare(
            "1 entity x 10 features",
            reads,
            lambda: store.lookup("cards", key),
            lambda: raw.execute(one, (key["k"],), binary=True).fetchone(),
        )
        compare(
            "100 entities",
            reads // 10,
            lambda: store.lookup_many("cards", many),
            lambda: raw.execute(hundred, (texts,), binary=True).fetchall(),
        )
        compare(
            "3 tables in one call",
            reads,
            lambda: store.lookup_all(all_keys),
            lambda: raw.execute(three, (key["k"],) * 3, binary=True).fetchone(),
        )
    store.close()
    print(f"{'1 entity, asyncio':30} {asyncio.run(asyncio_median(url, reads)):8.1f} us")


def compare(what: str, reads: int, ours: Callable[[], Any], raw: Callable[[], Any]) -> None:
    """Medians and the 99th percentile in microseconds, each side in turn for as many reads."""
    found: dict[str, list[float]] = {"ours": [], "raw": []}
    for _ in range(200):
        ours(), raw()
    for _ in range(10):
        for side, act in (("ours", ours), ("raw", raw)):
            found[side] += [timed(act) for _ in range(reads // 10)]
    medians = {side: statistics.median(times) for side, times in found.items()}
    tails = {side: sorted(times)[len(times) * 99 // 100] for side, times in found.items()}
    ratio = medians["ours"] / medians["raw"]
    sides = [f"{medians[side]:8.1f} us p99 {tails[side]:8.1f}" for side in ("ours", "raw")]
    print(f"{what:30} {sides[0]}   psycopg {sides[1]}   x {ratio:.2f}")


async def asyncio_median(url: str, reads: int) -> float:
    """Microseconds of one lookup, one after the other."""
    times = []
    async with open_async_store(url) as store:
        for _ in range(reads):
            started = time.perf_counter_ns()
            await store.lookup("cards", {"k": "K000000777"})
            times.append((time.perf_counter_ns() - started) / 1000)
    return statistics.median(times[len(times) // 10 :])


def timed(act: Callable[[], Any]) -> float:
    """Microseconds."""
    started = time.perf_counter_ns()
    act()
    return (time.perf_counter_ns() - started) / 1000


def whole(table: FeatureTable, start: int, rows: int) -> pa.Table:
    """Rows of keys from ``start`` on."""
    return pa.table([list(column) for column in zip(*_rows(start, rows), strict=True)], schema=arrow_schema(table))


def _rows(start: int, rows: int) -> Iterator[tuple[Any, ...]]:
    for n in range(start, start + rows):
        yield f"K{n:09}", AT, *(n * factor for factor in (0.1, 0.2, 0.3, 0.4, 0.5)), n, n + 1, n + 2, f"tier {n % 7}", n % 2 == 0


def memory() -> float:
    """The most this process has held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
