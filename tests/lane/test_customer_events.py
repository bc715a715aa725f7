from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.gold.real_time_features import customer_events

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

CLEAN = "transaction_id STRING, customer_id STRING, amount DECIMAL(18,2), event_time TIMESTAMP, merchant_id STRING"


def _streamed(spark: SparkSession, folder: Path, batches: Sequence[Sequence[tuple[str, str, str]]]) -> tuple[list[tuple[str, ...]], int]:
    """The rows that came out, and how many were dropped as late; each batch of (id, amount, time) arrives before an update of its own."""
    (folder / "in").mkdir()
    late = sum(_late_in_update(spark, folder, number, rows) for number, rows in enumerate(batches))
    kept = spark.read.parquet(str(folder / "out")).orderBy("transaction_id").selectExpr("transaction_id", "string(amount)", "string(as_of)")
    return [tuple(row) for row in kept.collect()], late


def _late_in_update(spark: SparkSession, folder: Path, number: int, rows: Sequence[tuple[str, str, str]]) -> int:
    lines = [json.dumps({"transaction_id": name, "customer_id": "C1", "amount": amount, "event_time": time}) for name, amount, time in rows]
    (folder / "in" / f"{number}.json").write_text("\n".join(lines), encoding="utf-8")
    events = customer_events(spark.readStream.schema(CLEAN).json(str(folder / "in")))
    writer = events.writeStream.format("parquet").option("path", str(folder / "out")).option("checkpointLocation", str(folder / "state"))
    query = writer.trigger(availableNow=True).start()
    query.awaitTermination()
    return sum(operator["numRowsDroppedByWatermark"] for progress in query.recentProgress for operator in progress["stateOperators"])


def test_an_event_is_kept_once_unless_it_is_more_than_three_days_late(spark: SparkSession, tmp_path: Path) -> None:
    batches = [
        [("t1", "10.00", "2026-01-10 12:00:00"), ("t2", "20.00", "2026-01-10 13:00:00")],
        [("t1", "11.00", "2026-01-10 12:00:00"), ("t3", "5.00", "2026-01-07 14:00:00"), ("t4", "5.00", "2026-01-07 12:00:00")],
    ]

    kept, late = _streamed(spark, tmp_path, batches)

    expected = [("t1", "10.00", "2026-01-10 12:00:00"), ("t2", "20.00", "2026-01-10 13:00:00"), ("t3", "5.00", "2026-01-07 14:00:00")]
    assert (kept, late) == (expected, 1)
