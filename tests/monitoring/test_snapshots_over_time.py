"""Snapshots that follow each other: one whose refresh was killed is no snapshot, and a metric may change its type in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from goldlane.monitoring import CustomMetric, Monitor, Snapshot
from goldlane.monitoring.refreshing import read_state

if TYPE_CHECKING:
    from conftest import Lake

pytestmark = pytest.mark.slow  # eight refreshes of Delta tables of a few rows


def test_a_snapshot_whose_refresh_was_killed_is_not_compared_with(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = Monitor(table="stock", profile=Snapshot())
    lake.land("stock", pa.table({"pieces": [1.0, 2.0]}))
    lake.refresh(monitor)
    lake.land("stock", pa.table({"pieces": [100.0, 200.0]}), anew=True)
    monkeypatch.setattr("goldlane.monitoring.metric_tables.write_delta", _killed)
    with pytest.raises(KeyboardInterrupt):
        lake.refresh(monitor)
    monkeypatch.undo()
    lake.land("stock", pa.table({"pieces": [1.0, 2.0, 3.0]}), anew=True)

    told = lake.refresh(monitor)

    first, last = lake.profile("stock", column_name="pieces")
    (row,) = lake.drift("stock", column_name="pieces")
    assert told.why == "the last refresh did not end"
    assert (row["window"], row["window_cmp"], row["avg_delta"]) == (last["window"], first["window"], 0.5)
    assert read_state(monitor, lake.root, lake.spark).select("window").distinct().count() == 2


def test_a_first_snapshot_that_was_killed_leaves_nothing(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = Monitor(table="bins", profile=Snapshot())
    lake.land("bins", pa.table({"pieces": [100.0]}))
    monkeypatch.setattr("goldlane.monitoring.metric_tables.write_delta", _killed)
    with pytest.raises(KeyboardInterrupt):
        lake.refresh(monitor)
    monkeypatch.undo()
    lake.land("bins", pa.table({"pieces": [1.0]}), anew=True)

    lake.refresh(monitor)

    assert [row["avg"] for row in lake.profile("bins", column_name="pieces")] == [1.0]
    assert lake.drift("bins") == []


def test_a_metric_of_another_type_keeps_what_the_new_type_can_hold_of_earlier_snapshots(lake: Lake) -> None:
    lake.land("shelves", pa.table({"pieces": [1.0, 2.0]}))
    kinds = {"bigint": "count(*)", "string": "concat('n', count(*))", "array<bigint>": "array(count(*))"}
    told = []
    for kind, definition in kinds.items():
        metric = CustomMetric(kind="aggregate", name="told", input_columns=":table", definition=definition, output_type=kind)  # type: ignore[arg-type]
        lake.land("shelves", pa.table({"pieces": [3.0]}))
        told += lake.refresh(Monitor(table="shelves", profile=Snapshot(), custom_metrics=(metric,))).notes

        found = [row["told"] for row in lake.profile("shelves", column_name=":table")]

        assert found == {"bigint": [3], "string": ["3", "n4"], "array<bigint>": [None, None, [5]]}[kind]
    assert told == []
    assert [row["count"] for row in lake.profile("shelves", column_name="pieces")] == [3, 4, 5]


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
