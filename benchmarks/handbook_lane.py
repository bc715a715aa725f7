"""The project's standing run on real data: 1,754,155 card transactions through the payments lane, into a store, and out again.

    python benchmarks/handbook_lane.py [--data DIR] [--work DIR] [--memory 3g]

Prints rows and seconds per stage and the peak memory of all processes together.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from handbook_landing import Landing, write_landing
from process_memory import PeakMemory

import goldlane
from features import CUSTOMER_FEATURES, FEATURE_TABLES, MERCHANT_FEATURES
from goldlane.features import FeatureTable, open_store, publish
from goldlane.features.online import OnlineStore
from goldlane.session import local_spark

ROOT = Path(__file__).resolve().parents[1]
LOOKUPS = 1_000


def main() -> None:
    """Runs every stage, or says in one line why it cannot."""
    options = _options()
    raw = options.data / "raw.parquet"
    if not raw.is_file():
        print(f"skipped: there is no {raw}; name the folder with the handbook's data by --data")
        return
    with tempfile.TemporaryDirectory(prefix="handbook-lane-") as temporary, PeakMemory() as memory:
        _run(raw, options.work or Path(temporary), options.memory)
    print(f"{'peak memory, all processes':34} {memory.gigabytes:9.2f} GB")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "handbook", help="folder of raw.parquet")
    parser.add_argument("--work", type=Path, help="an empty folder to work in and keep (default: a temporary one)")
    parser.add_argument("--memory", default="3g", help="the driver's heap")
    return parser.parse_args()


def _run(raw: Path, work: Path, heap: str) -> None:
    landing = _landed(raw, work / "landing")
    _updated(work, heap)
    store = open_store(f"sqlite:///{work / 'online.db'}")
    for table in FEATURE_TABLES:
        published = publish(table, work / "storage", store)
        _line(f"publish {table.name}", published.rows_written, published.seconds)
    _looked_up(store, landing)


def _landed(raw: Path, folder: Path) -> Landing:
    started = time.perf_counter()
    landing = write_landing(raw, folder)
    _line("landing files", sum(landing.rows.values()), time.perf_counter() - started)
    return landing


def _updated(work: Path, heap: str) -> None:
    spark = local_spark(**{"spark.driver.memory": heap})
    started = time.perf_counter()
    update = goldlane.run(
        ROOT / "pipelines" / "dlt", storage=work / "storage", spark=spark, configuration={"payments.landing": str(work / "landing")}
    )
    seconds = time.perf_counter() - started
    update.raise_for_status()
    for dataset in update.datasets:
        if dataset.path is not None:
            _line(f"  {dataset.name}", dataset.output_rows, dataset.seconds)
    _line("run (datasets run side by side)", update["bronze_transactions"].output_rows, seconds)


def _looked_up(store: OnlineStore, landing: Landing) -> None:
    dice = random.Random(7)  # noqa: S311  which entities are asked for is no secret
    wanted: Mapping[FeatureTable, list[str]] = {
        MERCHANT_FEATURES: dice.sample(landing.merchants, LOOKUPS // 2),
        CUSTOMER_FEATURES: dice.sample(landing.customers, LOOKUPS // 2),
    }
    seconds = [_answered(store, table, key) for table, keys in wanted.items() for key in keys]
    _line("lookups, one by one", len(seconds), sum(seconds))
    print(f"{'lookup p50':34} {statistics.median(seconds) * 1e6:9.0f} us")


def _answered(store: OnlineStore, table: FeatureTable, key: str) -> float:
    started = time.perf_counter()
    store.lookup(table, {table.keys[0]: key})
    return time.perf_counter() - started


def _line(stage: str, rows: int, seconds: float) -> None:
    print(f"{stage:34} {rows:>9,} rows {seconds:8.1f} s", flush=True)


if __name__ == "__main__":
    main()
