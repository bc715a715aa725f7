"""AUTO CDC against one plain MERGE of the same rows, in the same run: a million changes onto five million keys in one micro-batch.

    python benchmarks/auto_cdc.py [--keys 5000000] [--changes 1000000] [--memory 3g] [--only "type 1"]...

Of the changes, eight tenths update a key, one tenth brings a new one, one tenth deletes. The plain MERGE knows neither order nor
late events, and remembers nothing. Snapshots are measured beside it: the table of five million keys with the same changes in it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.cdc import ChangeSpec, SnapshotSpec, apply_batch, apply_snapshot, snapshot_schema, target_schema
from goldlane.session import local_spark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

BASE = "plain MERGE"
COLUMNS = ("id", "name", "city", "amount", "seen")
SPEC: dict[str, Any] = {
    "target": "customers",
    "keys": ("id",),
    "sequence_by": "seq",
    "apply_as_deletes": "op = 'D'",
    "except_column_list": ("seq", "op"),
}


def main() -> None:
    """Measures each way once, after a small one of each that warms the JVM up."""
    options = _options()
    spark = local_spark(**{"spark.driver.memory": options.memory})
    chosen = [name for name in WAYS if name == BASE or not options.only or any(part in name for part in options.only)]
    for keys, changes in ((2_000, 500), (options.keys, options.changes)):
        with tempfile.TemporaryDirectory(prefix="auto-cdc-") as folder:
            seconds = {name: WAYS[name](Work(spark, Path(folder), keys, changes)) for name in chosen}
    print(f"{options.changes:,} changes onto {options.keys:,} keys in one micro-batch")
    for name, found in seconds.items():
        print(f"{name:34} {found:8.1f} s {found / seconds[BASE]:8.2f} x", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=5_000_000, help="rows of the table before")
    parser.add_argument("--changes", type=int, default=1_000_000, help="rows of the micro-batch")
    parser.add_argument("--memory", default="3g", help="the driver's heap")
    parser.add_argument("--only", action="append", help="only ways whose name holds this text, beside the plain MERGE")
    return parser.parse_args()


class Work:
    """The rows before, the changes, and a folder for the tables."""

    def __init__(self, spark: SparkSession, folder: Path, keys: int, changes: int) -> None:
        self.spark, self.folder, self.changed = spark, folder, folder / "changes"
        self._keys = keys
        if not self.changed.exists():
            self._rows(changes, first=keys - changes * 9 // 10, seq=2).write.parquet(str(self.changed))

    def before(self) -> DataFrame:
        """One row per key."""
        return self._rows(self._keys, first=0, seq=1)

    def changes(self) -> DataFrame:
        """The micro-batch, from its file."""
        return self.spark.read.parquet(str(self.changed))

    def table(self, name: str, schema: StructType) -> Path:
        """A new, empty Delta table."""
        self.spark.createDataFrame([], schema).write.format("delta").save(str(self.folder / name))
        return self.folder / name

    def _rows(self, count: int, *, first: int, seq: int) -> DataFrame:
        op = "CASE WHEN pmod(hash(id), 10) = 0 THEN 'D' ELSE 'U' END" if seq > 1 else "'U'"
        return self.spark.range(first, first + count).selectExpr(
            "id",
            f"concat('customer ', id, ' of version {seq}') AS name",
            "element_at(array('Wien', 'Graz', 'Linz', 'Bonn', 'Bern'), 1 + CAST(pmod(hash(id, 1), 5) AS INT)) AS city",
            f"CAST(pmod(hash(id, {seq}), 100000) AS DECIMAL(12, 2)) AS amount",
            f"timestamp_seconds(1767225600 + id % 86400 + {seq}) AS seen",
            f"CAST({seq} AS BIGINT) AS seq",
            f"{op} AS op",
        )


def plain_merge(work: Work) -> float:
    """What one would write by hand when every key changed once and nothing came late."""
    from delta.tables import DeltaTable

    path = str(work.folder / "plain")
    work.before().select(*COLUMNS).write.format("delta").save(path)
    merge = DeltaTable.forPath(work.spark, path).alias("t").merge(work.changes().alias("s"), "t.id = s.id")
    values = {name: f"s.{name}" for name in COLUMNS}
    merge = merge.whenMatchedDelete("s.op = 'D'").whenMatchedUpdate(set=values).whenNotMatchedInsert("s.op <> 'D'", values=values)
    return _seconds(merge.execute)


def changes_of_type(scd_type: Any, **settings: Any) -> Callable[[Work], float]:
    """One micro-batch of AUTO CDC, onto a table that AUTO CDC filled."""

    def measure(work: Work) -> float:
        spec = ChangeSpec(**SPEC, scd_type=scd_type, **settings)
        name = f"{scd_type} {' '.join(settings)}"
        state, target = work.folder / f"state {name}", work.table(name, target_schema(work.before().schema, spec, work.spark))
        apply_batch(work.before(), spec, target=target, state=state)
        return _seconds(lambda: apply_batch(work.changes(), spec, target=target, state=state))

    return measure


def snapshot_of_type(scd_type: Any) -> Callable[[Work], float]:
    """The whole table anew, with the same changes in it."""

    def measure(work: Work) -> float:
        from pyspark.sql.types import LongType

        spec = SnapshotSpec(target="customers", keys=("id",), scd_type=scd_type)
        before, changes = work.before().select(*COLUMNS), work.changes()
        after = before.join(changes, "id", "left_anti").unionByName(changes.where("op <> 'D'").select(*COLUMNS))
        target = work.table(f"snapshot {scd_type}", snapshot_schema(before.schema, spec, LongType(), work.spark))
        apply_snapshot(before, spec, 1, target=target)
        after.write.parquet(str(work.folder / f"after {scd_type}"))
        whole = work.spark.read.parquet(str(work.folder / f"after {scd_type}"))
        return _seconds(lambda: apply_snapshot(whole, spec, 2, target=target))

    return measure


WAYS: dict[str, Callable[[Work], float]] = {
    BASE: plain_merge,
    "AUTO CDC, SCD type 1": changes_of_type(1),
    "AUTO CDC, SCD type 1, nulls ignored": changes_of_type(1, ignore_null_updates=True),
    "AUTO CDC, SCD type 2": changes_of_type(2),
    "from snapshot, SCD type 1": snapshot_of_type(1),
    "from snapshot, SCD type 2": snapshot_of_type(2),
}


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
