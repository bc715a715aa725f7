"""Profile and drift of a million rows against a million, all statistics, beside Evidently's default presets.

    python benchmarks/drift.py [--rows 1000000] [--rounds 3] [--work DIR] [--memory 1g] [--evidently PYTHON]

Evidently lives in an environment of its own, made once by uv (pandas < 3, its telemetry off); where that cannot be, it is left out with
the reason. CPU seconds are the JVM's and its Python workers', or Evidently's process. Memory is of the whole process tree.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from process_memory import PeakMemory
from pyspark.sql import functions as F

from goldlane.monitoring import Monitor, Snapshot, TimeSeries
from goldlane.monitoring.refreshing import refresh
from goldlane.session import local_spark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

EVIDENTLY = "evidently==0.7.*"
HOME = Path(tempfile.gettempdir()) / "goldlane-evidently"
PEER = Path(__file__).parent / "peers" / "evidently_drift.py"
GRANULARITIES = ("1 hour", "1 day", "1 week")
_SPAN_US = 3 * 86_400_000_000
_START_US = 1_767_225_600_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """Medians of some rounds."""

    wall: float
    cpu: float


def main() -> None:
    """Runs and prints."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="drift-") as temporary, PeakMemory() as memory:
        work = options.work or Path(temporary)
        spark = local_spark(None, **{"spark.driver.memory": options.memory})
        _write(spark, work, options.rows)
        fresh = _measured(spark, options.rounds, "both tables", lambda: _both(spark, work))
        kept = _measured(spark, options.rounds, "baseline state stored", lambda: _current_only(spark, work))
        print(f"  peak memory {memory.gigabytes:.2f} GB, JVM and Python (target 1.5)", flush=True)
        peer = _evidently(options, work)
        if peer is not None:
            _ratio("both tables / Evidently", fresh, peer, 0.25)
            _ratio("baseline stored / Evidently", kept, peer, 0.15)
        merged = _measured(spark, options.rounds, "three granularities, one scan", lambda: _windows(spark, work, [GRANULARITIES]))
        each = [(name,) for name in GRANULARITIES]
        apart = _measured(spark, options.rounds, "three granularities, a scan each", lambda: _windows(spark, work, each))
        _ratio("one scan / a scan each", merged, apart, 0.6)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--memory", default="1g")
    parser.add_argument("--evidently", type=Path, default=HOME / "bin" / "python", help="a Python that has Evidently")
    return parser.parse_args()


def _write(spark: SparkSession, work: Path, rows: int) -> None:
    for name, shift in (("reference", 0.0), ("current", 0.1)):
        frame = _rows(spark, rows, shift)
        frame.write.format("delta").mode("overwrite").save(str(work / "tables" / "default" / name))
        frame.coalesce(1).write.mode("overwrite").parquet(str(work / f"{name}.parquet"))


def _rows(spark: SparkSession, rows: int, shift: float) -> DataFrame:
    """Ten columns: six numbers, three of text, and the time."""
    step = _SPAN_US // rows
    return spark.range(0, rows, 1, 4).select(
        F.timestamp_micros(F.lit(_START_US) + F.col("id") * step).alias("at"),
        *(((F.randn(seed) + shift) * 10 + seed).alias(f"normal_{seed}") for seed in range(3)),
        F.exp(F.randn(7) + shift).alias("lognormal"),
        (F.rand(8) * 100).cast("int").alias("small"),
        (F.rand(9) * 1e6).cast("bigint").alias("large"),
        F.concat(F.lit("c"), (F.rand(10) * 20).cast("int")).alias("country"),
        F.concat(F.lit("m"), (F.rand(11) * F.rand(12) * 5_000).cast("int")).alias("merchant"),
        F.when(F.rand(13) < 0.1, None).otherwise(F.concat(F.lit("x"), (F.rand(14) * 5).cast("int"))).alias("channel"),  # noqa: PLR2004
    )


def _forget(work: Path, table: str) -> None:
    tables = work / "tables" / "default"
    kept = (tables / f"{table}_{metrics}_metrics" for metrics in ("profile", "drift"))
    for place in (work / "system" / "monitoring" / f"default.{table}", *kept):
        shutil.rmtree(place, ignore_errors=True)


def _both(spark: SparkSession, work: Path) -> float:
    _forget(work, "current")
    started = time.perf_counter()
    refresh(Monitor(table="current", profile=Snapshot(), baseline="reference"), work, spark)
    return time.perf_counter() - started


def _current_only(spark: SparkSession, work: Path) -> float:
    """The table is written anew, so all of its million rows are read; the baseline's state is there."""
    place = str(work / "tables" / "default" / "current")
    spark.read.parquet(str(work / "current.parquet")).repartition(4).write.format("delta").mode("overwrite").save(place)
    started = time.perf_counter()
    refresh(Monitor(table="current", profile=Snapshot(), baseline="reference"), work, spark)
    return time.perf_counter() - started


def _windows(spark: SparkSession, work: Path, several: list[tuple[str, ...]]) -> float:
    taken = 0.0
    for granularities in several:
        _forget(work, "reference")
        started = time.perf_counter()
        refresh(Monitor(table="reference", profile=TimeSeries(timestamp="at", granularities=granularities)), work, spark)
        taken += time.perf_counter() - started
    return taken


def _measured(spark: SparkSession, rounds: int, name: str, run: Callable[[], float]) -> Took:
    process = int(spark._jvm.java.lang.ProcessHandle.current().pid())  # type: ignore[union-attr]  # noqa: SLF001  the JVM's own clock
    run()
    walls, cpus = [], []
    for _ in range(rounds):
        used = _cpu_seconds(process)
        walls.append(run())
        cpus.append(_cpu_seconds(process) - used)
    return _printed(name, Took(wall=median(walls), cpu=median(cpus)))


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _evidently(options: argparse.Namespace, work: Path) -> Took | None:
    reason = _install(options.evidently)
    if reason is not None:
        print(f"Evidently is left out: {reason}")
        return None
    files = [str(next((work / f"{name}.parquet").glob("*.parquet"))) for name in ("current", "reference")]
    told = []
    for _ in range(options.rounds):
        command = [str(options.evidently), "-W", "ignore", str(PEER), *files]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "DO_NOT_TRACK": "1"})
        told.append([float(number) for number in done.stdout.split("took ")[-1].split()])
    print(f"Evidently's peak memory {max(each[2] for each in told):.2f} GB")
    return _printed("Evidently", Took(wall=median(each[0] for each in told), cpu=median(each[1] for each in told)))


def _install(python: Path) -> str | None:
    """Nothing when Evidently is there; otherwise why it is not."""
    if python.exists():
        return None
    uv = shutil.which("uv") or next((str(path) for path in [PEER.parents[2] / ".uv" / "bin" / "uv"] if path.exists()), None)
    if uv is None:
        return f"there is no {python}, and no uv to make it"
    for command in (["venv", str(HOME)], ["pip", "install", "--python", str(python), EVIDENTLY, "pandas<3", "pyarrow"]):
        done = subprocess.run([uv, *command], capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(HOME, ignore_errors=True)
            return (done.stderr.strip().splitlines() or ["uv failed"])[-1]
    return None


def _printed(name: str, took: Took) -> Took:
    print(f"  {name:34} {took.wall:8.2f} s   CPU {took.cpu:8.2f} s", flush=True)
    return took


def _ratio(name: str, one: Took, other: Took, most: float) -> None:
    ratio = one.wall / other.wall
    verdict = "kept" if ratio <= most else "MISSED"
    print(f"  {name}: {ratio:.2f} (CPU {one.cpu / other.cpu:.2f}), target {most:.2f}   {verdict}", flush=True)


if __name__ == "__main__":
    main()
