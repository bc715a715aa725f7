"""What the files of a table can hold, read from Delta's log; and what is remembered of a refresh. No Spark."""

from __future__ import annotations

from datetime import date, datetime, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import given
from hypothesis import strategies as st

from goldlane.pipelines.backlog import Backlog, delta_backlog
from goldlane.pipelines.incremental.filebounds import MOST_INTERVALS, Files, files_of, joined, whole
from goldlane.pipelines.incremental.memory import LastRefresh, Reading, last_refresh
from goldlane.pipelines.incremental.policy import RefreshPolicy, refresh_policy_of
from goldlane.pipelines.incremental.reasons import Issue, IssueType, Refreshed, Technique
from goldlane.pipelines.incremental.sources import TableVersion

SCHEMA = pa.schema([("n", pa.int64()), ("day", pa.date32()), ("name", pa.string())])


def written(place: Path, *commits: list[dict[str, Any]], **options: Any) -> TableVersion:
    for rows in commits:
        write_deltalake(str(place), pa.Table.from_pylist(rows, SCHEMA), mode="append", **options)
    table = DeltaTable(str(place))
    return TableVersion(f"file:{place}", table.version(), str(table.metadata().id))


def test_each_file_has_its_rows_and_its_bounds(tmp_path: Path) -> None:
    table = written(tmp_path / "a", [{"n": 3}, {"n": 1}], [{"n": 7}, {"n": None}], [{"n": None}])

    found = files_of(table, "n")

    assert found is not None
    assert sorted(zip(found.rows, found.bounds, strict=True), key=str) == [(1, None), (2, (1, 3)), (2, (7, 7))]


def test_the_folders_of_a_partitioned_table_are_its_bounds(tmp_path: Path) -> None:
    rows = [{"n": 1, "day": date(1970, 1, 3)}, {"n": 2, "day": None}]
    table = written(tmp_path / "a", rows, partition_by="day")

    found = files_of(table, "day")

    assert found is not None
    assert set(found.bounds) == {(2, 2), None}


def test_an_older_version_has_its_own_files(tmp_path: Path) -> None:
    table = written(tmp_path / "a", [{"n": 1}], [{"n": 2}])

    assert files_of(TableVersion(table.path, 0, table.id)) == Files(rows=(1,))


def test_a_day_that_python_does_not_have_is_in_nobodys_way(tmp_path: Path) -> None:
    place, far = tmp_path / "a", pa.array([4_000_000], pa.int32()).cast(pa.date32())
    write_deltalake(str(place), pa.table({"n": pa.array([1], pa.int64()), "day": far}))
    table = TableVersion(f"file:{place}", 0, "id")

    assert files_of(table, "n") == Files(rows=(1,), bounds=((1, 1),), paths=tuple(DeltaTable(str(place)).file_uris()[0].split("/")[-1:]))
    assert files_of(table) == Files(rows=(1,))
    assert files_of(table, "day") is None
    assert delta_backlog(place, {"reservoirVersion": 0, "index": 0, "isStartingVersion": True}) == Backlog(files=0, bytes=0)


@pytest.mark.parametrize("path", ["s3://bucket/table", "file:/nowhere/at/all"])
def test_files_that_cannot_be_seen_are_not_guessed(path: str) -> None:
    assert files_of(TableVersion(path, 0, "id")) is None


def test_times_are_whole_numbers() -> None:
    assert whole(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=timezone.utc)) == 1_000_005
    assert whole(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=timezone.utc)) == -1
    assert (whole(date(1969, 12, 31)), whole(7)) == (-1, 7)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 500)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=200))
def test_joined_intervals_hold_all_that_they_were_made_of(intervals: list[tuple[int, int]]) -> None:
    found = joined(intervals)

    assert len(found) <= MOST_INTERVALS
    assert all(any(low <= start and end <= high for low, high in found) for start, end in intervals)
    assert all(one[1] < other[0] for one, other in pairwise(found))


def test_what_was_read_is_remembered() -> None:
    table = TableVersion("file:/t", 4, "id")
    reading = Reading(query="q", settings="s", versions=(str(table),), tables={table.path: table})
    last = LastRefresh(query="q", settings="s", tables={table.path: table}, settled=True)

    assert last_refresh({"refreshed": last.to_json()}) == last
    assert (last_refresh({}), last_refresh({"refreshed": None})) == (None, None)
    assert reading.fingerprint != Reading(query="q", settings="s", versions=("file:/t@5/id",), tables={}).fingerprint


@pytest.mark.parametrize(
    "text, policy",
    [
        ("auto", RefreshPolicy.AUTO),
        ("INCREMENTAL", RefreshPolicy.INCREMENTAL),
        ("incremental_strict", RefreshPolicy.STRICT),
        ("Incremental  Strict", RefreshPolicy.STRICT),
        ("full", RefreshPolicy.FULL),
    ],
)
def test_policies_are_named_as_on_the_platform(text: str, policy: RefreshPolicy) -> None:
    assert refresh_policy_of(text) is policy


def test_a_recompute_says_why_in_the_platforms_words() -> None:
    issue = Issue(type=IssueType.PLAN_NOT_INCREMENTALIZABLE, why="no groups", operator="Aggregate", subtype="AGGREGATE_NOT_TOP_NODE")
    how = Refreshed(technique=Technique.COMPLETE_RECOMPUTE, issues=(issue,))

    (chosen,) = how.to_json()["technique_information"]

    assert how.message("x") == "'x' was computed anew: no groups."
    assert chosen["maintenance_type"] == "MAINTENANCE_TYPE_COMPLETE_RECOMPUTE"
    assert chosen["incrementalization_issues"] == [
        {
            "issue_type": "PLAN_NOT_INCREMENTALIZABLE",
            "prevent_incrementalization": True,
            "operator_name": "Aggregate",
            "plan_not_incrementalizable_sub_type": "AGGREGATE_NOT_TOP_NODE",
            "message": "no groups",
        }
    ]


def test_a_refresh_by_key_says_what_it_read() -> None:
    how = Refreshed(technique=Technique.GENERIC_AGGREGATE, columns=("k", "hour"), keys=2, source_rows=100, rows_read=5)

    chosen, other = how.to_json()["technique_information"]

    assert how.message("x") == "'x' was refreshed incrementally: 2 keys (k, hour) had changed, 5 of 100 source rows were read."
    assert (chosen["num_keys"], chosen["num_rows_read"], chosen["is_chosen"]) == (2, 5, True)
    assert (other["maintenance_type"], other["is_chosen"]) == ("MAINTENANCE_TYPE_COMPLETE_RECOMPUTE", False)
