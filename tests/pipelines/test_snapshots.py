"""AUTO CDC from snapshots in a pipeline: one project, update by update."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.errors import GoldlaneError, UsageError
from goldlane.pipelines.cdc.memory import SnapshotMemory

if TYPE_CHECKING:
    from pathlib import Path

    from goldlane.pipelines import Update

pytestmark = pytest.mark.slow  # updates of many flows, one after the other

SOURCE = """
    import os
    import dlt

    dlt.create_streaming_table("prices")
    dlt.apply_changes_from_snapshot(target="prices", source="price_list", keys=["sku"], stored_as_scd_type="2")

    @dlt.view
    def known_prices():
        return dlt.read("price_list")

    dlt.create_streaming_table("current", expect_all_or_drop={"a price is known": "price IS NOT NULL"})
    dlt.create_auto_cdc_from_snapshot_flow("current", "known_prices", ["sku"], 1, None, None)

    calls = []

    def next_day(last):
        calls.append(last)
        day = 1 if last is None else last + 1
        file = f"{spark.conf.get('days')}/{day}.json"
        return (spark.read.schema("k INT, v STRING, n INT").json(file), day) if os.path.exists(file) else (None, day)

    dlt.create_streaming_table("days")
    untracked = {"track_history_except_column_list": ["n"], "track_history_column_list": None}
    dlt.create_auto_cdc_from_snapshot_flow("days", snapshot_and_version=next_day, keys=["k"], stored_as_scd_type=2, **untracked)

    def seeds(last):
        return (spark.range(2), "a") if last is None else None

    dlt.create_streaming_table("seed")
    dlt.create_auto_cdc_from_snapshot_flow(target="seed", source=seeds, keys="id", once=True, name="by_hand")
"""
DAYS = {
    1: [{"k": 1, "v": "a", "n": 1}, {"k": 2, "v": "b", "n": 1}],
    2: [{"k": 1, "v": "a", "n": 2}, {"k": 3, "v": "c", "n": 1}],
    3: [{"k": 1, "v": "A", "n": 3}, {"k": 2, "v": "b", "n": 1}, {"k": 3, "v": "c", "n": 1}],
}
HISTORY = [
    (1, "A", 3, 3, None),
    (1, "a", 2, 1, 3),
    (2, "b", 1, 1, 2),
    (2, "b", 1, 3, None),
    (3, "c", 1, 2, None),
]


class Story:
    """Two updates: the first snapshots, then newer ones. And what they left."""

    def __init__(self, project: Any) -> None:
        self.project = project
        project.write("lane/tables.py", SOURCE)
        project.feed("price_list", {"sku": "a", "price": 1}, {"sku": "b", "price": 2}, {"sku": "c", "price": None})
        self.land(1, 2)
        self.first = self.update()
        self.firsts = project.rows("prices")
        project.feed("price_list", {"sku": "a", "price": 1}, {"sku": "b", "price": 3}, {"sku": "d", "price": 4}, mode="overwrite")
        self.land(3)
        self.second = self.update()

    def land(self, *days: int) -> None:
        for day in days:
            self.project.write(f"days/{day}.json", "\n".join(map(json.dumps, DAYS[day])))

    def update(self, **options: Any) -> Update:
        update: Update = self.project.run(configuration={"days": str(self.project.folder / "days")}, **options)
        return update.raise_for_status()


@pytest.fixture(scope="module")
def story(new_project: Callable[[], Any]) -> Story:
    return Story(new_project())


def test_the_target_follows_a_table_with_the_time_of_the_update_as_the_version(story: Story) -> None:
    firsts, rows = story.firsts, story.project.rows("prices")

    (began,) = {row[2] for row in firsts}
    (then,) = {row[3] for row in rows if row[3] is not None}
    expected = [("a", 1, began, None), ("b", 2, began, then), ("b", 3, then, None), ("c", None, began, then), ("d", 4, then, None)]
    assert firsts == [("a", 1, began, None), ("b", 2, began, None), ("c", None, began, None)]
    assert rows == expected


def test_rules_of_the_target_look_at_the_rows_of_the_snapshot(story: Story) -> None:
    assert story.project.rows("current") == [("a", 1), ("b", 3), ("d", 4)]
    (rule,) = story.first["current"].expectations
    assert (rule.passed, rule.failed, story.first["current"].dropped_rows) == (2, 1, 1)


def test_a_function_is_asked_until_it_has_no_newer_snapshot(story: Story) -> None:
    assert story.project.rows("days") == HISTORY


def test_the_event_log_counts_rows_upserted_and_deleted_per_snapshot(story: Story) -> None:
    events = story.first.events().where("event_type IN ('flow_progress', 'flow_definition')")
    rows = events.orderBy("sequence.data_plane_id.seq_no").collect()
    details = [json.loads(row.details)[row.event_type] for row in rows if row.origin.dataset_name.endswith("days")]

    assert [one["flow_type"] for one in details if "flow_type" in one] == ["SNAPSHOT_CHANGE"]
    metrics = [one["metrics"] for one in details if "metrics" in one]
    assert metrics == [{"num_upserted_rows": 2, "num_deleted_rows": 0}, {"num_upserted_rows": 3, "num_deleted_rows": 0}]


def test_nothing_is_written_when_nothing_is_new(story: Story) -> None:
    tables = ("prices", "current", "days", "seed")
    before = [story.project.version(table) for table in tables]

    update = story.update()

    assert [update[table].status for table in tables] == ["UNCHANGED", "UNCHANGED", "COMPLETED", "COMPLETED"]
    assert [story.project.version(table) for table in tables] == before


def test_a_full_refresh_starts_over_and_mends_a_memory_that_cannot_be_read(story: Story) -> None:
    (memory,) = (story.project.storage / "system" / "cdc" / "default.days").rglob("snapshots.json")
    memory.write_text("{", encoding="utf-8")
    broken = story.project.run(refresh=["days"], configuration={"days": str(story.project.folder / "days")})

    story.update(full_refresh=["days", "seed"])

    assert broken["days"].error is not None
    assert f"what the snapshots of days left in {memory} cannot be read (full-refresh days)" in broken["days"].error.message

    assert story.project.rows("days") == HISTORY
    assert story.project.rows("seed") == [(0,), (1,)]


def test_a_crash_after_the_tables_commit_neither_repeats_nor_loses_a_snapshot(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.project.write("days/4.json", json.dumps({"k": 1, "v": "A", "n": 4}))
    write, calls = SnapshotMemory._write, iter(range(9))  # noqa: SLF001  the commit that a crash takes away
    with monkeypatch.context() as broken:
        broken.setattr(SnapshotMemory, "_write", lambda memory, document: write(memory, document) if next(calls) < 1 else _killed())
        with pytest.raises(GoldlaneError, match="killed"):
            story.update(refresh=["days"])
    # The source keeps no snapshot that was read.
    (story.project.folder / "days" / "4.json").unlink()
    story.project.write("days/5.json", json.dumps({"k": 1, "v": "A", "n": 5}))

    story.update(refresh=["days"])

    current = [row for row in story.project.rows("days") if row[-1] is None]
    assert current == [(1, "A", 5, 3, None)]


def _killed() -> None:
    raise RuntimeError("killed")


MISTAKES = """
    import dlt

    def nothing(last):
        return None

    def reading(last):
        return (dlt.read("raw"), 1) if not dlt.read("raw").isEmpty() else None

    @dlt.table
    def raw():
        return spark.range(1)

    for name in ("empty", "unknowable", "streamed", "keyless", "shared"):
        dlt.create_streaming_table(name)
    dlt.create_auto_cdc_from_snapshot_flow("empty", nothing, ["id"])
    dlt.create_auto_cdc_from_snapshot_flow("unknowable", reading, ["id"])
    dlt.create_auto_cdc_from_snapshot_flow("keyless", "raw", ["no_such_key"], 2)

    @dlt.view
    def stream():
        return spark.readStream.format("rate").load()

    dlt.create_auto_cdc_from_snapshot_flow("streamed", "stream", ["value"])
    dlt.create_auto_cdc_from_snapshot_flow("shared", "raw", ["id"])
    dlt.create_auto_cdc_flow("shared", "raw", ["id"], "id", name="other")
"""


def test_what_is_wrong_with_snapshot_flows_is_reported_at_once_before_anything_is_written(project: Any) -> None:
    project.write("lane/tables.py", MISTAKES)

    with pytest.raises(UsageError) as caught:
        project.run()

    message = str(caught.value)
    assert "'empty': the first call of the snapshot function for empty returned None" in message
    assert "'unknowable': the snapshot function reads default.raw, empty while the pipeline is planned" in message
    assert "declare them: create_streaming_table('unknowable', schema=...)" in message
    assert "'streamed': 'stream' is a stream, and a snapshot is a whole table" in message
    assert "'keyless': the change flow into keyless: keys names 'no_such_key'" in message
    assert "'shared': flow 'shared' makes it follow a snapshot, so no other flow may write to it" in message
    assert not (project.storage / "tables").exists()


def test_a_source_that_is_neither_name_nor_function_is_refused_where_it_stands(project: Any) -> None:
    file: Path = project.write("lane/tables.py", "import dlt\ndlt.apply_changes_from_snapshot(target='t', source=3, keys=['k'])\n")

    with pytest.raises(UsageError, match=f"{file}:2.*source is a table's name or a function, not 3"):
        project.run()
