from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from deltalake import DeltaTable

from goldlane.pipelines.cdc import (
    CdcError,
    Changes,
    RefusedChangesError,
    SnapshotError,
    SnapshotMemory,
    SnapshotSource,
    SnapshotSpec,
    apply_snapshot,
    snapshot_schema,
)
from goldlane.pipelines.cdc.versions import Version, checked_version, from_json, to_json, version_type

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DDL = "k int, v string, n int"


class Table:
    """A target that snapshots are applied to."""

    def __init__(self, spark: SparkSession, folder: Path, **settings: Any) -> None:
        self.spark, self.folder = spark, folder
        self.spec = SnapshotSpec(target="t", **{"keys": ("k",), **settings})

    def apply(self, version: Version, rows: Sequence[tuple[Any, ...]], ddl: str = DDL) -> Changes:
        frame = self.spark.createDataFrame(list(rows), ddl)
        if not self.folder.exists():
            schema = snapshot_schema(frame.schema, self.spec, version_type(version), self.spark)
            self.spark.createDataFrame([], schema).write.format("delta").save(str(self.folder))
        return apply_snapshot(frame, self.spec, version, target=self.folder)

    def rows(self) -> list[tuple[Any, ...]]:
        found = self.spark.read.format("delta").load(str(self.folder)).collect()
        return sorted((tuple(row) for row in found), key=repr)

    @property
    def version(self) -> int:
        return DeltaTable(str(self.folder)).version()


@pytest.fixture
def table(spark: SparkSession, tmp_path: Path) -> Callable[..., Table]:
    return lambda name="t", **settings: Table(spark, tmp_path / name, **settings)


@pytest.mark.slow
def test_the_target_becomes_the_snapshot_and_only_what_differs_is_written(table: Callable[..., Table]) -> None:
    items = table()
    first = items.apply(1, [(1, "a", 1), (2, "b", 1), (3, None, 1)])

    second = items.apply(2, [(1, "a", 1), (2, "B", 1), (4, "d", None)])
    written = items.version
    same = items.apply(3, [(4, "d", None), (2, "B", 1), (1, "a", 1)])
    with pytest.raises(RefusedChangesError) as caught:
        items.apply(4, [(None, "x", 1), (2, "b", 1), (2, "b", 1), (3, "c", 1), (3, "c", 2), (3, "c", 3)])

    assert (first, second, same) == (Changes(upserted=3, deleted=0), Changes(upserted=2, deleted=1), Changes(upserted=0, deleted=0))
    assert items.version == written
    assert "1 row with a NULL key (k)" in str(caught.value)
    assert '5 rows with a key that the snapshot holds more than once, such as {"k":2}' in str(caught.value)
    assert items.rows() == [(1, "a", 1), (2, "B", 1), (4, "d", None)]

    wider = items.apply(5, [(1, "a", 1, "new"), (2, "B", 1, None), (4, "d", None, None)], "k long, v string, n long, w string")

    assert wider == Changes(upserted=1, deleted=0)
    assert items.rows() == [(1, "a", 1, "new"), (2, "B", 1, None), (4, "d", None, None)]


def test_a_history_keeps_what_ended_and_a_repeated_snapshot_changes_nothing(table: Callable[..., Table]) -> None:
    items = table(scd_type=2, track_history_except_column_list=("n",))
    items.apply(1, [(1, "a", 1), (2, "b", 1), (3, "c", 1)])

    items.apply(2, [(1, "a", 9), (2, "B", 1), (4, "d", 1)])
    repeated = items.apply(2, [(1, "a", 9), (2, "B", 1), (4, "d", 1)])
    another_of_the_same_version = items.apply(2, [(1, "a", 9), (2, "BB", 1)])
    items.apply(5, [(1, "a", 9), (2, "BB", 1), (3, "c", 2)])

    assert (repeated, another_of_the_same_version) == (Changes(upserted=0, deleted=0), Changes(upserted=1, deleted=1))
    expected = [(1, "a", 9, 1, None), (2, "BB", 1, 2, None), (2, "b", 1, 1, 2), (3, "c", 1, 1, 2), (3, "c", 2, 5, None)]
    assert items.rows() == expected


def test_the_bounds_of_a_history_have_the_type_of_the_version(table: Callable[..., Table]) -> None:
    days = table("days", scd_type=2)

    days.apply(date(2026, 1, 1), [(1, "a", 1)])
    days.apply(date(2026, 1, 2), [])

    assert days.rows() == [(1, "a", 1, date(2026, 1, 1), date(2026, 1, 2))]
    with pytest.raises(CdcError, match="__START_AT is date, the sequence is bigint"):
        days.apply(3, [])


def test_a_snapshot_is_a_batch_and_has_the_declared_columns(spark: SparkSession, table: Callable[..., Table]) -> None:
    items = table(keys=("k", "nope"), scd_type=2, track_history_column_list=("gone",))

    with pytest.raises(CdcError, match=r"keys names 'nope', which the source lacks; track_history_column_list names 'gone'"):
        items.apply(1, [(1, "a", 1)])
    with pytest.raises(CdcError, match="track_history_column_list needs SCD type 2"):
        SnapshotSpec(target="t", keys=("k",), track_history_column_list=("v",))
    with pytest.raises(CdcError, match="the snapshot for t is a stream"):
        apply_snapshot(spark.readStream.format("rate").load(), table().spec, 1, target=items.folder)


@pytest.mark.parametrize(
    "value, problem",
    [(None, "has no version"), (True, "has no order"), ((1, 2), "has no order"), (float("nan"), "has no order"), (7, "out of order")],
)
def test_a_version_that_cannot_be_the_next_is_an_error(value: Any, problem: str) -> None:
    with pytest.raises(SnapshotError, match=problem):
        checked_version(value, 7, "t")


def test_versions_of_two_types_cannot_be_compared() -> None:
    with pytest.raises(SnapshotError, match="'8' of a snapshot for t cannot be compared with the last one, 7"):
        checked_version("8", 7, "t")


VERSIONS: list[Version] = [
    3, 0.1, "2026-01", b"\x00\xff", date(2026, 1, 2), datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), Decimal("1.50")
]  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: type(version).__name__)
def test_a_version_is_remembered_with_its_type(version: Version, tmp_path: Path) -> None:
    memory = SnapshotMemory(tmp_path, tmp_path / "t", "t")

    with memory.writing(version, "print"):
        pass

    again = SnapshotMemory(tmp_path, tmp_path / "t", "t")
    assert (again.last, type(again.last), again.count, again.fingerprint) == (version, type(version), 1, "print")
    assert from_json(to_json(version)) == version


def test_a_version_is_remembered_only_with_the_tables_own_commit(tmp_path: Path) -> None:
    log = tmp_path / "t" / "_delta_log"
    log.mkdir(parents=True)
    commits = iter(range(9))

    def crash(version: int, operation: str | None) -> SnapshotMemory:
        with suppress(InterruptedError), SnapshotMemory(tmp_path, tmp_path / "t", "t").writing(version):
            if operation:
                (log / f"{next(commits):020}.json").write_text(f'{{"commitInfo":{{"operation":"{operation}"}}}}')
            raise InterruptedError
        return SnapshotMemory(tmp_path, tmp_path / "t", "t")

    before, maintained, committed, later = crash(1, None), crash(2, "OPTIMIZE"), crash(3, "MERGE"), crash(4, None)

    assert (before.last, maintained.last, committed.last, later.last) == (None, None, 3, 3)


def test_a_memory_that_cannot_be_read_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "snapshots.json").write_text('{"last": {"type": "int", "value": "three"}}')

    with pytest.raises(CdcError, match=r"what the snapshots of t left in .*snapshots.json cannot be read .full-refresh t"):
        SnapshotMemory(tmp_path, tmp_path / "t", "t")


def test_the_answer_that_planning_got_is_not_lost(spark: SparkSession) -> None:
    calls: list[Any] = []

    def once(last: Any) -> Any:
        calls.append(last)
        return (spark.range(1), 1) if len(calls) == 1 else None

    source = SnapshotSource(once, "t")
    planned = source.planned(None, keep=lambda: True)

    assert planned is source.after(None)
    assert source.after(1) is None
    assert calls == [None, 1]


def test_an_answer_that_is_no_snapshot_is_an_error(spark: SparkSession) -> None:
    def asking(answer: Any) -> SnapshotSource:
        return SnapshotSource(lambda _: answer, "t")

    with pytest.raises(SnapshotError, match=r"for t returned DataFrame .return .DataFrame, version., or None"):
        asking(spark.range(1)).after(None)
    with pytest.raises(SnapshotError, match="for t returned a list with version 1"):
        asking(([], 1)).after(None)
    assert asking((None, 1)).after(None) is None
