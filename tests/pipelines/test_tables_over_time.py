"""Tables that are declared otherwise than at the last update, or whose files were harmed in between."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from goldlane.pipelines import Update

pytestmark = pytest.mark.slow  # updates of many flows, one after the other

LANE = """
import dlt

@dlt.table(cluster_by={cluster}, comment={comment!r}, table_properties={properties!r}, path="/mnt/elsewhere", row_filter="f ON (id)")
def clustered():
    return spark.read.table("raw.items").select("id", "name")

KEY = "name STRING, id BIGINT NOT NULL, CONSTRAINT pk PRIMARY KEY (id)"

@dlt.materialized_view(schema=KEY if {keyed} else None, partition_cols={partitions})
def keyed():
    return spark.read.table("raw.items").select("id", "name")

@dlt.table(partition_cols={partitions})
def stream():
    return spark.readStream.table("raw.items")

COMPUTED = '''
    id BIGINT COMMENT {id_comment!r}, at TIMESTAMP, day DATE GENERATED ALWAYS AS (CAST(at AS DATE)) COMMENT 'its (day)',
    n BIGINT GENERATED ALWAYS AS IDENTITY (START WITH 10)
'''

@dlt.table(schema=COMPUTED)
def computed():
    return spark.readStream.table("raw.items").selectExpr("id", "timestamp'2026-01-02 03:04:05' AS at")

@dlt.materialized_view(schema="id BIGINT, twice BIGINT GENERATED ALWAYS AS (id * 2)", spark_conf={{"spark.sql.shuffle.partitions": "1"}})
def computed_view():
    return spark.read.table("raw.items").select("id")

@dlt.table
def above():
    return spark.readStream.table("computed").select("id", "n")

@dlt.table(table_properties={{"pipelines.reset.allowed": "false"}})
def kept():
    return spark.readStream.table("raw.items").select("id")
"""

FIRST = {
    "cluster": '["id"]',
    "comment": "it's old",
    "properties": {"team": "a", "gone": "1"},
    "keyed": "False",
    "partitions": "None",
    "id_comment": "which",
}
SECOND = {
    "cluster": '["name", "id"]',
    "comment": "it's \\\\ new",
    "properties": {"team": "b"},
    "keyed": "True",
    "partitions": '["name"]',
    "id_comment": "which one",
}


class _Lane:
    def __init__(self, project: Any) -> None:
        self.project = project
        project.feed("raw.items", {"id": 1, "name": "one"}, {"id": 2, "name": "two"})
        self.first = self.run(FIRST)
        self.details = [self.detail("clustered")]
        project.feed("raw.items", {"id": 3, "name": "three"})
        self.second = self.run(SECOND)
        self.details.append(self.detail("clustered"))
        self.keyed_rows, self.keyed_detail, self.keyed_schema = project.rows("keyed"), self.detail("keyed"), self.schema("keyed")
        project.feed("raw.items", {"id": 3, "name": "again"}, {"id": 4, "name": "four"})
        others = ["clustered", "keyed", "computed_view", "above", "kept"]
        self.third = self.run(SECOND, refresh=others, full_refresh=["stream", "computed"])
        self.harm()
        self.fourth = self.run(SECOND)
        self.fifth = self.run(SECOND, full_refresh=["above"])

    def run(self, declared: dict[str, Any], **options: Any) -> Update:
        self.project.write("lane/tables.py", LANE.format(**declared))
        return self.project.run(**options)

    def harm(self) -> None:
        tables, checkpoints = self.project.storage / "tables" / "default", self.project.storage / "system" / "checkpoints"
        shutil.rmtree(tables / "stream")
        shutil.rmtree(tables / "kept")
        (newest,) = (checkpoints / "default.computed" / "computed" / "1" / "offsets").glob("0")
        newest.with_name(f".{newest.name}.crc").unlink()
        newest.write_text("garbage")
        self.damaged = newest

    def detail(self, table: str) -> Any:
        return self.project.spark.sql(f"DESCRIBE DETAIL delta.`{self.project.storage}/tables/default/{table}`").collect()[0]

    def schema(self, table: str) -> dict[str, Any]:
        frame = self.project.spark.read.format("delta").load(f"{self.project.storage}/tables/default/{table}")
        return {column.name: column for column in frame.schema}


@pytest.fixture(scope="module")
def lane(new_project: Callable[[], Any]) -> _Lane:
    return _Lane(new_project())


def error_of(update: Update, table: str) -> str:
    error = update[table].error
    return error.message if error else "no error"


def test_a_changed_comment_property_and_clustering_are_changed_in_the_table_that_is_there(lane: _Lane) -> None:
    old, new = lane.details

    assert (old.description, old.clusteringColumns) == ("it's old", ["id"])
    assert (old.properties["team"], old.properties["gone"]) == ("a", "1")
    assert (new.description, new.clusteringColumns) == (SECOND["comment"], ["name", "id"])
    assert (new.properties["team"], "gone" in new.properties) == ("b", False)
    assert new.id == old.id


def test_clustering_stays_when_a_materialized_view_is_written_again(lane: _Lane) -> None:
    assert lane.third["clustered"].status == "COMPLETED"
    assert lane.detail("clustered").clusteringColumns == ["name", "id"]


def test_a_materialized_view_gets_its_new_key_change_feed_partitions_and_order_of_columns(lane: _Lane) -> None:
    assert lane.keyed_rows == [("one", 1), ("three", 3), ("two", 2)]
    assert lane.keyed_detail.properties["delta.enableChangeDataFeed"] == "true"
    assert lane.keyed_detail.partitionColumns == ["name"]


def test_two_rows_of_one_primary_key_are_written_as_they_are_and_the_log_names_the_key(lane: _Lane) -> None:
    rows = lane.third.events().where("origin.dataset_name = 'default.keyed' AND level = 'WARN'").collect()

    assert lane.third["keyed"].status == "COMPLETED"
    assert lane.project.rows("keyed") == sorted([*lane.keyed_rows, ("again", 3), ("four", 4)], key=str)
    assert ['more than one row has the primary key {"id":3}' in row.message for row in rows] == [True]


def test_other_partitions_of_a_streaming_table_need_a_full_refresh_and_get_one(lane: _Lane) -> None:
    error = error_of(lane.second, "stream")

    assert "it is partitioned by nothing, and declared by name" in error
    assert "--full-refresh stream" in error
    assert lane.third["stream"].status == "COMPLETED"
    assert lane.detail("stream").partitionColumns == ["name"]


def test_generated_and_identity_columns_are_computed_and_their_comments_change(lane: _Lane) -> None:
    from datetime import date

    rows = lane.project.rows("computed", "id", "day", "n")

    assert {row[1] for row in rows} == {date(2026, 1, 2)}
    assert len({row[2] for row in rows} & set(range(10, 100))) == len(rows) == 5
    assert lane.schema("computed")["id"].metadata == {"comment": "which one"}
    assert lane.schema("computed")["day"].metadata == {"comment": "its (day)"}


def test_a_materialized_view_may_have_generated_columns(lane: _Lane) -> None:
    assert lane.project.rows("computed_view") == [(1, 2), (2, 4), (3, 6), (3, 6), (4, 8)]


def test_a_stream_from_a_table_that_was_fully_refreshed_says_to_refresh_it_too(lane: _Lane) -> None:
    error = error_of(lane.third, "above")

    assert error.startswith("computed was fully refreshed, and 'above' has streamed from what it held before")
    assert "--full-refresh above" in error
    assert lane.fifth["above"].output_rows == 5


def test_a_streaming_table_whose_folder_is_gone_starts_over_and_the_log_says_so(lane: _Lane) -> None:
    rows = lane.fourth.events().where("origin.dataset_name = 'default.stream' AND level = 'WARN'").collect()

    assert lane.fourth["stream"].output_rows == 5
    assert ["its table was gone" in row.message for row in rows] == [True]


def test_a_table_that_must_not_be_reset_is_not_made_anew_when_its_folder_is_gone(lane: _Lane) -> None:
    assert "pipelines.reset.allowed is false" in error_of(lane.fourth, "kept")
    assert not (lane.project.storage / "tables" / "default" / "kept").exists()


def test_a_damaged_checkpoint_is_one_error_that_names_the_file_and_the_way_out(lane: _Lane) -> None:
    error = error_of(lane.fourth, "computed")

    assert f"the checkpoint of 'computed' is damaged: {lane.damaged} cannot be read" in error
    assert "--full-refresh computed" in error
    assert lane.fourth["clustered"].status in {"COMPLETED", "UNCHANGED"}


def test_options_without_effect_are_named_in_the_log(lane: _Lane) -> None:
    rows = lane.first.events().where("event_type = 'dataset_definition' AND level = 'WARN'").collect()

    assert [row.message for row in rows] == ["Defined clustered. Without effect on this machine: path, row_filter."]
