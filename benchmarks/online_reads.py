"""What a read of a SQLite store costs: beside raw sqlite3, and beside Feast's SQLite store.

    python benchmarks/online_reads.py [--entities 100000] [--reads 5000] [--rounds 5] [--feast PYTHON]

Raw is one prepared SELECT and a dictionary with ``as_of`` and ``age_s``. Goldlane and raw take turns; medians of the rounds.
Feast lives in an environment of its own, made once by uv, with a tenth of the entities; where it cannot be, it is left out with the reason.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa
from merchant_rows import TABLE, TYPES, batches, key
from peers.feast_process import HOME
from peers.feast_store import feast_online

from goldlane.features import open_store, publish

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event

    from goldlane.features.online import OnlineStore

Read: TypeAlias = "Callable[[int], object]"
Figures: TypeAlias = "tuple[float, float]"  # p50 and p99 in microseconds

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
TABLES = [TABLE, replace(TABLE, name="second"), replace(TABLE, name="third")]
MANY = 100


def main() -> None:
    """Prints p50 and p99 of every way, and the ratios."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="online-reads-") as folder:
        path = Path(folder) / "online.db"
        store, rows = open_store(f"sqlite:///{path}"), pa.concat_tables(batches(options.entities))
        for table in TABLES:
            publish(table, rows, store, mode="snapshot")
        ways = _ways(path, store, options.entities)
        print("microseconds, p50 / p99")
        _print("", _in_turns(ways, options))
        with _publishing(path, rows):
            _print(", while it is published", _in_turns({name: ways[name] for name in ("raw one", "goldlane one")}, options))
    feast = feast_online(options.feast, pa.concat_tables(batches(options.entities // 10)), options.reads // 5)
    if feast is not None:
        _print("", {f"feast {name}": _percentiles(feast[name]) for name in ("one", "many", "all")})
    print(f"the reader's import: {statistics.median(_import_seconds() for _ in range(5)):.2f} s; load {os.getloadavg()[0]:.1f}")


def _ways(path: Path, store: OnlineStore, entities: int) -> dict[str, Read]:
    numbers = random.Random(1).choices(range(entities), k=20_000)  # noqa: S311  which keys are asked for
    keys = [key(number) for number in numbers]
    raw = _raw_reader(path)

    def some(at: int) -> list[str]:
        begin = at * MANY % len(keys)
        return keys[begin : begin + MANY]

    return {
        "raw one": lambda at: raw(TABLE.name, keys[at % len(keys)]),
        "goldlane one": lambda at: store.lookup(TABLE.name, {"merchant_id": keys[at % len(keys)]}),
        "raw many": lambda at: [raw(TABLE.name, name) for name in some(at)],
        "goldlane many": lambda at: store.lookup_many(TABLE.name, [{"merchant_id": name} for name in some(at)]),
        "raw all": lambda at: [raw(table.name, keys[at % len(keys)]) for table in TABLES],
        "goldlane all": lambda at: store.lookup_all({table.name: {"merchant_id": keys[at % len(keys)]} for table in TABLES}),
    }


def _raw_reader(path: Path) -> Callable[[str, str], dict[str, Any]]:
    connection = sqlite3.connect(path, isolation_level=None)
    columns = ", ".join(("as_of", *TYPES))
    statements = {table.name: f"SELECT {columns} FROM {table.name} WHERE merchant_id = ?" for table in TABLES}  # noqa: S608  our own names

    def read(table: str, name: str) -> dict[str, Any]:
        row = connection.execute(statements[table], (name,)).fetchone()
        answer = dict(zip(TYPES, row[1:], strict=True))
        answer["as_of"] = EPOCH + timedelta(microseconds=row[0])
        answer["age_s"] = (time.time_ns() // 1000 - row[0]) / 1e6
        return answer

    return read


def _in_turns(ways: dict[str, Read], options: argparse.Namespace) -> dict[str, Figures]:
    found: dict[str, list[Figures]] = {name: [] for name in ways}
    for name, read in [*ways.items()] * (options.rounds + 1):
        turns = options.reads // 20 if "many" in name else options.reads
        found[name].append(_percentiles(sorted(_timed(read, at) for at in range(turns))))
    return {name: tuple(map(statistics.median, zip(*rounds[1:], strict=True))) for name, rounds in found.items()}  # type: ignore[misc]


def _timed(read: Read, at: int) -> float:
    started = time.perf_counter_ns()
    read(at)
    return (time.perf_counter_ns() - started) / 1000


def _percentiles(taken: list[float]) -> Figures:
    return taken[len(taken) // 2], taken[len(taken) * 99 // 100]


def _print(circumstance: str, found: dict[str, Figures]) -> None:
    for name, (p50, p99) in found.items():
        raw = found.get(name.replace("goldlane", "raw"))
        ratio = f"  {p50 / raw[0]:.2f} x raw" if raw and name.startswith("goldlane") else ""
        print(f"  {name + circumstance:40s} {p50:9.1f} / {p99:9.1f}{ratio}")


@contextmanager
def _publishing(path: Path, rows: pa.Table) -> Iterator[None]:
    """Another process publishes small batches and, in between, everything."""
    context = multiprocessing.get_context("spawn")
    done = context.Event()
    process = context.Process(target=_publish_on, args=(str(path), rows, done))
    process.start()
    time.sleep(2)
    try:
        yield
    finally:
        done.set()
        process.join()


def _publish_on(path: str, rows: pa.Table, done: Event) -> None:
    store, turn = open_store(f"sqlite:///{path}"), 0
    while not done.is_set():
        turn += 1
        publish(TABLE, rows if turn % 10 == 0 else rows.slice(turn * 1000 % rows.num_rows, 1000), store)


def _import_seconds() -> float:
    program = "import time; started = time.perf_counter(); import goldlane.features.online; print(time.perf_counter() - started)"
    return float(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entities", type=int, default=100_000)
    parser.add_argument("--reads", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--feast", type=Path, default=HOME / "bin" / "python", help="a Python that has Feast")
    return parser.parse_args()


if __name__ == "__main__":
    main()
