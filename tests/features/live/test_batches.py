"""One micro-batch by itself, without Spark: its rows are an Arrow table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from goldlane.features.arrow_batches import arrow_schema
from goldlane.features.forgotten_entities import enter, entity_of
from goldlane.features.live import Applied, Live
from goldlane.features.live.batches import LiveBatches
from goldlane.features.live.live_table import LiveTable, live_path
from goldlane.features.online import open_store
from goldlane.forgotten import ensure_forgotten
from tests.features.live.conftest import ROWS, minute


class Batch:
    """As much of a DataFrame as a batch of finished rows is asked for."""

    def __init__(self, *rows: tuple[str, float, str, int]) -> None:
        schema = arrow_schema(ROWS)
        data = [dict(zip(schema.names, (key, minute(at), *values), strict=True)) for key, at, *values in rows]
        self._rows = pa.Table.from_pylist(data, schema=schema)

    def toArrow(self) -> pa.Table:  # noqa: N802  Spark's name
        return self._rows


def test_rows_of_somebody_forgotten_are_neither_served_nor_kept(tmp_path: Path) -> None:
    ensure_forgotten(tmp_path)
    enter(tmp_path, entity_of(ROWS, {"merchant_id": "M1"}), ROWS.name)
    store, applied = open_store(f"sqlite:///{tmp_path}/online.db"), list[Applied]()
    kept = LiveTable(live_path(ROWS, tmp_path), "a-stream")
    batch: Any = Batch(("M1", 1, "low", 1), ("M2", 1, "low", 2))

    LiveBatches(ROWS, store, kept, Live(on_applied=applied.append)).write(batch, 0)

    answers = store.lookup_many(ROWS, [{"merchant_id": key} for key in ("M1", "M2")], "empty")
    assert [answer.features["velocity"] for answer in answers] == [None, 2]
    assert [(each.rows_written, each.rows_forgotten) for each in applied] == [(1, 1)]
    from deltalake import DeltaTable

    assert DeltaTable(str(kept.path)).to_pyarrow_table().column("merchant_id").to_pylist() == ["M2"]


def test_a_lost_store_is_restored_without_who_was_forgotten_since(tmp_path: Path) -> None:
    ensure_forgotten(tmp_path)
    kept = LiveTable(live_path(ROWS, tmp_path), "a-stream")
    batch: Any = Batch(("M1", 1, "low", 1), ("M2", 1, "low", 2))
    LiveBatches(ROWS, open_store(f"sqlite:///{tmp_path}/lost.db"), kept, Live()).write(batch, 0)
    enter(tmp_path, entity_of(ROWS, {"merchant_id": "M1"}), ROWS.name)
    store = open_store(f"sqlite:///{tmp_path}/online.db")

    LiveBatches(ROWS, store, kept, Live()).restore()

    answers = store.lookup_many(ROWS, [{"merchant_id": key} for key in ("M1", "M2")], "empty")
    assert [answer.features["velocity"] for answer in answers] == [None, 2]
