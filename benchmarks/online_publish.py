"""What publishing to a SQLite store costs: everything, at two sizes, and what changed; beside Feast's SQLite store.

    python benchmarks/online_publish.py [--rows 1000000] [--times 5] [--changed 10000] [--work DIR] [--feast PYTHON] [--feast-rows 50000]

Gold tables are made once in ``--work``. Every publish is a process of its own, whose peak of memory and CPU seconds are told; no JVM is
in it. Feast publishes ``--feast-rows`` rows, and its time is scaled by rows; where it cannot be, it is left out with the reason.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from merchant_rows import TABLE, batches, key, rows, write_gold
from peers.feast_process import HOME
from peers.feast_store import feast_online

_PROGRAM = """
import json, resource, sys, time
from goldlane.features import FeatureTable, open_store, publish
started = time.perf_counter()
published = publish(FeatureTable.from_json(sys.argv[1]), sys.argv[2], open_store(sys.argv[3]))
usage = resource.getrusage(resource.RUSAGE_SELF)
(peak,) = [int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(json.dumps({"mode": published.mode, "rows": published.rows_written, "seconds": time.perf_counter() - started,
                  "cpu": usage.ru_utime + usage.ru_stime, "megabytes": peak, "pyspark": "pyspark" in sys.modules}))
"""


def main() -> None:
    """Prints seconds, rows per second, peaks and sizes."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="online-publish-") as temporary:
        work = options.work or Path(temporary)
        if options.times > 1:
            _everything(work, options.rows * options.times)
        full = _everything(work, options.rows)
        _change(work / str(options.rows), options.rows, options.changed)
        changed = _publish(work, options.rows)
        _print(f"{options.changed:,} changed of {options.rows:,}", changed)
        print(f"    {changed['seconds'] / full['seconds']:.0%} of everything (target 10 %, or 1 s)")
    feast = feast_online(options.feast, pa.concat_tables(batches(options.feast_rows)), 0)
    if feast is not None:
        rate = feast["rows"] / feast["seconds"]
        peak, size = feast["gigabytes"] * 1000, feast["bytes"] * options.rows / feast["rows"] / 1e6
        print(f"  Feast, {feast['rows']:,} rows: {rate:,.0f} rows/s, peak {peak:,.0f} MB; {size:,.0f} MB for {options.rows:,} rows")
        print(f"    Goldlane is {full['rows'] / full['seconds'] / rate:.0f} times as fast")
    print(f"load {os.getloadavg()[0]:.1f}")


def _everything(work: Path, count: int) -> dict[str, Any]:
    """A store made anew; the second publish of the gold table's rows, which finds them in the page cache, is the one that counts."""
    write_gold(work / str(count), count)
    for _ in range(2):
        for file in work.glob(f"{count}.db*"):
            file.unlink()
        found = _publish(work, count)
    _print(f"{count:,} rows", found)
    print(f"    file {sum(file.stat().st_size for file in work.glob(f'{count}.db*')) / 1e6:,.0f} MB")
    return found


def _publish(work: Path, count: int) -> dict[str, Any]:
    arguments = [TABLE.to_json(), str(work / str(count)), f"sqlite:///{work / f'{count}.db'}"]
    done = subprocess.run([sys.executable, "-c", _PROGRAM, *arguments], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def _change(storage: Path, count: int, changed: int) -> None:
    """Newer rows for some merchants, and others gone: a tenth as many."""
    place = str(storage / "tables" / "default" / TABLE.name)
    day = DeltaTable(place).version()
    numbers = np.random.default_rng(day).permutation(count)[: changed * 11 // 10]
    write_deltalake(place, rows(numbers[:changed], seed=day, day=day), mode="append")
    gone = ", ".join(f"'{key(number)}'" for number in numbers[changed:])
    DeltaTable(place).delete(f"merchant_id IN ({gone})")


def _print(what: str, found: dict[str, Any]) -> None:
    rate, cpu = found["rows"] / found["seconds"], found["rows"] / found["cpu"]
    print(f"  {what} ({found['mode']}): {found['seconds']:.2f} s, {rate:,.0f} rows/s; {found['cpu']:.2f} CPU s, {cpu:,.0f} rows per CPU s")
    print(f"    peak {found['megabytes']:,.0f} MB, Spark {'' if found['pyspark'] else 'not '}imported")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=5, help="how many times as many rows, to see whether memory grows")
    parser.add_argument("--changed", type=int, default=10_000)
    parser.add_argument("--work", type=Path, help="a folder to work in and keep (default: a temporary one)")
    parser.add_argument("--feast", type=Path, default=HOME / "bin" / "python", help="a Python that has Feast")
    parser.add_argument("--feast-rows", type=int, default=50_000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
