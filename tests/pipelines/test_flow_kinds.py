"""Flows that replace by key, wait for others, or run once; and hooks that hear of every event."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from goldlane.pipelines import Update

LANE = """
import dlt
from pyspark import pipelines as dp

HEARD = []

dp.create_streaming_table("regions")

@dp.replace_flow("regions", ["region"], "seq")
def from_stock():
    return spark.readStream.table("raw.stock").where("region IS NOT NULL")

@dp.table(name="devices", replace_using="region", sequence_by=dp_seq)
def devices():
    return spark.readStream.table("raw.stock")

dlt.create_streaming_table("history", expect_all={"sequenced": "seq > 1"})

@dlt.append_flow("live", "history", depends_on="backfill")
def any_name():
    return spark.readStream.table("raw.stock").select("region", "seq")

@dlt.append_flow(target="history", once=True)
def backfill():
    return spark.sql("SELECT 0L AS region, 0L AS seq")

@dlt.on_event_hook
def hear(event):
    HEARD.append((event["event_type"], event["details"][event["event_type"]].get("status"), event["origin"]["update_id"]))
    if event["event_type"] == "update_progress" and event["details"]["update_progress"]["state"] == "COMPLETED":
        with open(OUT + "/heard", "a") as file:
            file.write(f"{len(HEARD)} {len({one[2] for one in HEARD})} {type(event['timestamp']).__name__}\\n")

@dlt.on_event_hook(max_allowable_consecutive_failures=1)
def stumble(event):
    raise RuntimeError("cannot post")
"""


class _Lane:
    def __init__(self, project: Any) -> None:
        self.project = project
        source = "from pyspark.sql.functions import col\ndp_seq = col('seq')\n" + f"OUT = {str(project.folder)!r}\n" + LANE
        project.write("lane/flows.py", source)
        project.feed("raw.stock", stock(1, "iOS", 1), stock(1, "Android", 1), stock(2, "iOS", 1), stock(2, "desktop", 1))
        self.first: Update = project.run()
        self.first.raise_for_status()
        project.feed(
            "raw.stock", *[stock(1, kind, 2) for kind in ("iOS", "Android", "desktop")], stock(3, "iOS", 1), stock(3, "desktop", 2)
        )
        self.second: Update = project.run()
        project.feed("raw.stock", stock(1, "late", 1), stock(2, "added", 1), stock(None, "nowhere", 5))
        self.third: Update = project.run()


def stock(region: int | None, device: str, seq: int) -> dict[str, Any]:
    return {"region": region, "device": device, "seq": seq}


@pytest.fixture(scope="module")
def lane(new_project: Callable[[], Any]) -> _Lane:
    return _Lane(new_project())


NEWEST = [
    (1, "Android", 2),
    (1, "desktop", 2),
    (1, "iOS", 2),
    (2, "added", 1),
    (2, "desktop", 1),
    (2, "iOS", 1),
    (3, "desktop", 2),
]


def test_a_replace_flow_keeps_the_rows_of_the_newest_sequence_of_each_key(lane: _Lane) -> None:
    assert lane.project.rows("regions") == NEWEST


def test_a_table_can_declare_its_replacement_itself_and_null_is_a_key_like_any_other(lane: _Lane) -> None:
    assert lane.project.rows("devices") == sorted([*NEWEST, (None, "nowhere", 5)], key=str)


def test_a_replace_flow_counts_the_rows_that_came_in(lane: _Lane) -> None:
    assert [update["regions"].output_rows for update in (lane.first, lane.second, lane.third)] == [4, 4, 1]


def test_a_batch_that_is_repeated_replaces_nothing_again(lane: _Lane) -> None:
    from goldlane.pipelines.definitions import Replacement
    from goldlane.pipelines.replacing import replace_rows

    table = lane.project.storage / "tables" / "default" / "regions"
    batch = lane.project.spark.createDataFrame([(9, "iOS", 1)], "region long, device string, seq long")
    once = replace_rows(batch, table, Replacement(keys=("region",), sequence_by="seq"), writer=("test", 0))
    before = lane.project.version("regions")
    again = replace_rows(batch, table, Replacement(keys=("region",), sequence_by="seq"), writer=("test", 0))

    assert (once, again) == (1, 0)
    assert lane.project.version("regions") == before


def test_an_append_flow_takes_its_name_first_and_waits_for_the_flow_it_depends_on(lane: _Lane) -> None:
    written = lane.first.events().where("origin.dataset_name = 'default.history' AND level = 'METRICS'").orderBy("timestamp").collect()

    assert [row.origin.flow_name for row in written] == ["backfill", "live"]
    assert lane.third["history"].output_rows == 3


def test_a_hook_hears_of_every_event_with_its_details_as_a_dictionary(lane: _Lane) -> None:
    heard = [line.split() for line in (lane.project.folder / "heard").read_text().splitlines()]

    assert len(heard) == 3
    assert int(heard[0][0]) > 10
    assert {(updates, kind) for _, updates, kind in heard} == {("1", "str")}


def test_a_hook_that_fails_too_often_in_a_row_is_switched_off_and_the_update_completes(lane: _Lane) -> None:
    rows = lane.first.events().where("event_type = 'hook_progress'").orderBy("timestamp").collect()
    found = [json.loads(row.details)["hook_progress"] for row in rows]

    assert [one["status"] for one in found] == ["FAILED", "FAILED", "DISABLED"]
    assert {one["hook_name"] for one in found} == {"stumble"}
    assert "cannot post" in rows[0].message
    assert lane.first.status == "COMPLETED"
