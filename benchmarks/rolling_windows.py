"""Rolling windows beside plain Spark range windows: the handbook's twelve, a hot key, and what min, max and distinct cost on one.

    python benchmarks/rolling_windows.py [--only handbook|hot|extremes] [--rows N] [--rounds 3] [--data DIR] [--limit 300] [--memory 3g]

``handbook`` takes turns: plain Spark, Goldlane, and the shuffles and sorts that both need, alone;
without the handbook's file it makes rows like its own. Where the publication is there, the same frame is held against it.
``hot`` gives plain Spark ``--limit`` seconds, in a process of its own. CPU seconds are the JVM's own (Linux), and depend less on what
else the machine does.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from handbook_windows import compare_with_published, made_up, ours, plain, sorted_only
from pyspark.sql import functions as F

from goldlane.features import Rolling, with_rolling_features
from goldlane.session import local_spark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

HANDBOOK = Path(__file__).parents[2] / "shared" / "data" / "handbook"
FASTER, SPREAD, GROWTH = 1.5, 2.0, 6.0
HOT_ROWS, OTHER_ROWS = 500_000, 1_250_000


def main() -> None:
    """Prints what each part took, and whether the targets were kept."""
    options = _options()
    if options.peer:
        _run(plain(_spark(options).read.parquet(options.peer)))
        return
    parts = {"handbook": _handbook, "hot": _hot, "extremes": _extremes}
    for name in options.only or parts:
        parts[name](_spark(options), options)


def _handbook(spark: SparkSession, options: argparse.Namespace) -> None:
    raw = options.data / "raw.parquet"
    with tempfile.TemporaryDirectory(prefix="rolling-windows-") as folder:
        events = spark.read.parquet(str(raw)) if raw.exists() else made_up(spark, folder, options.rows or 1_754_155)
        events = events.limit(options.rows) if options.rows and raw.exists() else events
        ways = {"plain Spark range windows": plain, "with_rolling_features": ours, "shuffles and sorts alone": sorted_only}
        print(f"12 handbook windows, {events.count():,} rows{'' if raw.exists() else ', made up'}")
        taken = _turns(spark, {name: lambda way=way: way(events) for name, way in ways.items()}, options.rounds)
    _print(taken, "with_rolling_features")
    peer, mine = (taken[name] for name in list(ways)[:2])
    faster = [theirs / own for theirs, own in zip(peer, mine, strict=True)]
    print(f"faster by {faster[0]:.2f} x (CPU {faster[1]:.2f} x), target {FASTER} x: {'kept' if faster[0] >= FASTER else 'MISSED'}")
    if raw.exists() and not options.rows:
        compare_with_published(spark, events, options.data)


def _hot(spark: SparkSession, options: argparse.Namespace) -> None:
    hot, other = (options.rows or HOT_ROWS), (options.rows or HOT_ROWS) * OTHER_ROWS // HOT_ROWS
    with tempfile.TemporaryDirectory(prefix="rolling-windows-") as folder:
        spread = made_up(spark, folder, hot + other)
        one = F.when(F.col("TRANSACTION_ID") % (hot + other) * hot % (hot + other) < hot, 0)
        keys = {key: F.coalesce(one, F.col(key)) for key in ("CUSTOMER_ID", "TERMINAL_ID")}
        spread.withColumns(keys).write.parquet(f"{folder}/hot")
        frames = {"spread out": spread, "a hot key": spark.read.parquet(f"{folder}/hot")}
        print(f"{hot:,} rows of one key among {other:,} others, 12 windows")
        taken = _turns(spark, {name: lambda frame=frame: ours(frame) for name, frame in frames.items()}, options.rounds)
        _print(taken, "spread out")
        ratio = taken["a hot key"][0] / taken["spread out"][0]
        print(f"target {SPREAD} x: {'kept' if ratio <= SPREAD else 'MISSED'}")
        _peer(f"{folder}/hot", options)


def _peer(rows: str, options: argparse.Namespace) -> None:
    command = [sys.executable, __file__, "--peer", rows, "--memory", options.memory]
    started = time.perf_counter()
    try:
        subprocess.run(command, check=True, timeout=options.limit, capture_output=True)
    except subprocess.TimeoutExpired:
        print(f"plain Spark range windows, a hot key: not done after {options.limit:.0f} s, a session's start included")
    else:
        print(f"plain Spark range windows, a hot key: {time.perf_counter() - started:.1f} s, a session's start included")


def _extremes(spark: SparkSession, options: argparse.Namespace) -> None:
    """One key alone, and four times as many rows of it in the same stretch of time."""
    few = options.rows or 100_000
    windows = {
        function: Rolling(name="value", function=function, column="amount", window="30d")
        for function in ("min", "max", "stddev", "count_distinct")
    }
    for function, window in windows.items():
        frames = {f"{function}, {rows:,} rows": _one_key(spark, rows) for rows in (few, 4 * few)}
        ways = {
            name: lambda frame=frame, window=window: with_rolling_features(frame, [window], keys="key", time="time")
            for name, frame in frames.items()
        }
        taken = _turns(spark, ways, options.rounds)
        (less, _), (more, _) = taken.values()
        ratio = more / less
        verdict = "kept" if ratio <= GROWTH else "MISSED"
        print(f"{function:15} {few:,} rows {less:.2f} s, {4 * few:,} rows {more:.2f} s: {ratio:.2f} x, target {GROWTH} x: {verdict}")


def _one_key(spark: SparkSession, rows: int) -> DataFrame:
    """Rows of one key over sixty days."""
    columns = ("'a' AS key", f"timestamp_seconds(floor(id * {60 * 86_400} / {rows})) AS time", "(abs(hash(id)) % 100000) / 100D AS amount")
    return spark.range(0, rows, 1, 4).selectExpr(*columns)


def _turns(spark: SparkSession, ways: Mapping[str, Callable[[], DataFrame]], rounds: int) -> dict[str, tuple[float, float]]:
    """The medians of seconds and CPU seconds over all rounds but the first, which warms up."""
    jvm = spark.sparkContext._gateway.proc.pid  # type: ignore[attr-defined]  # noqa: SLF001  pyspark keeps it to itself
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, frame in ways.items():
            started, used = time.perf_counter(), _cpu_seconds(jvm)
            _run(frame())
            if number:
                taken[name].append((time.perf_counter() - started, _cpu_seconds(jvm) - used))
    return {
        name: (statistics.median(wall for wall, _ in times), statistics.median(cpu for _, cpu in times)) for name, times in taken.items()
    }


def _run(frame: DataFrame) -> None:
    frame.write.format("noop").mode("overwrite").save()


def _print(taken: Mapping[str, tuple[float, float]], base: str) -> None:
    wall, cpu = taken[base]
    for name, (its_wall, its_cpu) in taken.items():
        print(f"{name:28} {its_wall:7.2f} s {its_wall / wall:5.2f} x   CPU {its_cpu:7.2f} s {its_cpu / cpu:5.2f} x")


def _cpu_seconds(process: int) -> float:
    user, system = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _spark(options: argparse.Namespace) -> SparkSession:
    return local_spark(**{"spark.master": "local[2]", "spark.driver.memory": options.memory})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=["handbook", "hot", "extremes"], help="one part; may be repeated")
    parser.add_argument("--rows", type=int, help="fewer rows, in every part")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=HANDBOOK, help="the folder with the handbook's files")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds that plain Spark gets for the hot key")
    parser.add_argument("--memory", default="3g", help="the driver's heap")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
