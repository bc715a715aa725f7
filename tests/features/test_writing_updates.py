"""Which update wrote a version: read from a real log and a real table, neither made by Spark."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from goldlane.features.pins import Pin
from goldlane.features.writing_updates import Span, committed_in, writing_update

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NO_SPARK: SparkSession = None  # type: ignore[assignment]  # a folder is asked without one


def event(update: str, dataset: str | None, kind: str) -> dict[str, Any]:
    return {
        "timestamp": datetime.now(timezone.utc),
        "event_type": kind,
        "origin": {"update_id": update, "dataset_name": dataset},
    }


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    """Version 0 by update `first`, 1 by `second`, which also had another table, 2 by upkeep, after `third` had nothing for it."""
    gold, log = tmp_path / "tables" / "default" / "shops", tmp_path / "system" / "events"
    gold.parent.mkdir(parents=True)

    def tell(*events: dict[str, Any]) -> None:
        write_deltalake(log, pa.Table.from_pylist(list(events)), mode="append")

    def write() -> None:
        time.sleep(0.002)
        write_deltalake(gold, pa.table({"shop": ["S1"]}), mode="append")
        time.sleep(0.002)

    for update in ("first", "second"):
        tell(event(update, None, "create_update"), event(update, "default.shops", "flow_progress"))
        write()
        tell(event(update, "default.shops", "flow_progress"), event(update, "default.sales", "flow_progress"))
    time.sleep(0.002)
    tell(event("third", "default.sales", "flow_progress"))
    write()
    return tmp_path


def pin(storage: Path, version: int) -> Pin:
    place = storage / "tables" / "default" / "shops"
    return Pin(place=str(place), table_id=str(DeltaTable(place).metadata().id), version=version)


def test_each_version_is_of_the_update_in_whose_time_it_was_committed(storage: Path) -> None:
    assert [writing_update(pin(storage, version), NO_SPARK) for version in (0, 1)] == ["first", "second"]


def test_upkeep_changes_nothing_about_who_wrote_the_rows(storage: Path) -> None:
    assert writing_update(pin(storage, 2), NO_SPARK) == "second"


def test_nobody_is_named_where_no_log_tells(tmp_path: Path) -> None:
    gold = tmp_path / "tables" / "default" / "shops"
    gold.parent.mkdir(parents=True)
    write_deltalake(gold, pa.table({"shop": ["S1"]}))

    assert writing_update(pin(tmp_path, 0), NO_SPARK) is None


def test_a_commit_between_two_updates_is_of_neither() -> None:
    spans = [Span(update_id="b", began=30, ended=40), Span(update_id="a", began=10, ended=20)]

    assert [committed_in(spans, [moment]) for moment in (9, 10, 20, 25, 40, 41)] == [None, "a", "a", None, "b", None]
    assert committed_in(spans, [15, 25]) == "a"
