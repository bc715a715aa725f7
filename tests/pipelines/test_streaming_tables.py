"""Streaming tables: each row once over several updates, retries, full refreshes and crashes. One project, update by update."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.errors import UsageError
from goldlane.pipelines.names import TableName
from goldlane.pipelines.storage import Storage

if TYPE_CHECKING:
    from goldlane.pipelines import Update

SOURCE = """
    import dlt
    from pyspark.sql import functions as F

    dlt.create_streaming_table("orders", partition_cols=["region"], schema="id BIGINT NOT NULL, region STRING")

    @dlt.append_flow(target="orders")
    def eu():
        return dlt.read_stream("eu_orders").withColumn("region", F.lit("eu"))

    @dlt.append_flow(target="orders", name="us")
    def american():
        return dlt.read_stream("us_orders").withColumn("region", F.lit("us"))

    @dlt.append_flow(target="orders", once=True)
    def old():
        return dlt.read("old_orders").withColumn("region", F.lit("old"))

    @dlt.append_flow(target="orders", once=True)
    def older():
        return dlt.read_stream("old_orders").withColumn("id", F.col("id") + 1).withColumn("region", F.lit("old"))

    @dlt.append_flow(target="orders", once=True)
    def oldest():
        return dlt.read("old_orders").withColumn("id", F.col("id") + 2).withColumn("region", F.lit("old"))

    @dlt.table(table_properties={"pipelines.reset.allowed": "false"})
    def kept():
        return spark.readStream.table("eu_orders")

    @dlt.table
    def landed():
        files = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        return files.load(spark.conf.get("landing")).drop("_rescued_data")

    @dlt.view
    def changes():
        return dlt.read_stream("customer_changes")

    for scd_type in (1, 2):
        dlt.create_streaming_table(f"customers_{scd_type}")
        dlt.create_auto_cdc_flow(
            target=f"customers_{scd_type}", source="changes", keys=["id"], sequence_by=F.col("at"), apply_as_deletes=F.expr("gone"),
            except_column_list=["at", "gone"], stored_as_scd_type=scd_type,
        )

    @dlt.table
    def count_of_orders():
        return dlt.read("orders").groupBy("region").count()
"""
OLD = [(100, "old"), (101, "old"), (102, "old")]


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Any]) -> Any:
    made = new_project()
    made.write("lane/lane.py", SOURCE)
    made.feed("eu_orders", {"id": 1}, {"id": 2})
    made.feed("us_orders", {"id": 10})
    made.feed("old_orders", {"id": 100})
    made.feed("customer_changes", {"id": 1, "name": "ann", "at": 1, "gone": False}, {"id": 2, "name": "bob", "at": 1, "gone": False})
    made.land("a.json", {"id": 1})
    return made


@pytest.fixture(scope="module")
def run(project: Any) -> Callable[..., Update]:
    return lambda **options: project.run(configuration={"landing": str(project.folder / "landing")}, **options)


@pytest.fixture(scope="module")
def first(run: Callable[..., Update]) -> Update:
    return run().raise_for_status()


@pytest.fixture(scope="module")
def second(project: Any, run: Callable[..., Update], first: Update) -> Update:
    assert first.status == "COMPLETED"
    project.feed("eu_orders", {"id": 3})
    project.feed("old_orders", {"id": 200})
    project.feed("customer_changes", {"id": 1, "name": "Ann", "at": 3, "gone": False}, {"id": 2, "name": "", "at": 2, "gone": True})
    project.feed("customer_changes", {"id": 1, "name": "late", "at": 2, "gone": False})
    project.land("b.json", {"id": 2, "color": "red"}, {"id": 3})
    return run().raise_for_status()


def test_several_flows_fill_one_table(project: Any, first: Update, second: Update) -> None:
    assert first["orders"].output_rows == 6
    assert second["orders"].output_rows == 1
    assert project.rows("orders") == [(1, "eu"), (10, "us"), *OLD, (2, "eu"), (3, "eu")]


def test_flows_that_run_once_do(second: Update) -> None:
    ran = second.events().where("event_type = 'flow_progress' AND level = 'METRICS'").selectExpr("origin.flow_name AS flow").collect()

    assert {row.flow for row in ran} & {"old", "older", "oldest"} == set()


def test_a_table_keeps_the_newest_or_every_version_of_a_key(project: Any, second: Update) -> None:
    assert (second["customers_1"].status, second["customers_1"].counts.deleted_rows) == ("COMPLETED", 1)
    assert project.rows("customers_1") == [(1, "Ann")]
    assert project.rows("customers_2") == [(1, "Ann", 3, None), (1, "ann", 1, 2), (1, "late", 2, 3), (2, "bob", 1, 2)]


def test_a_new_column_in_the_files_starts_the_flow_over_and_no_row_is_lost_or_doubled(project: Any, second: Update) -> None:
    assert project.rows("landed", "id", "color") == [(1, None), (2, "red"), (3, None)] or project.rows("landed", "id", "color") == [
        ("1", None),
        ("2", "red"),
        ("3", None),
    ]
    retries = second.events().where("message LIKE '%starts over%'").selectExpr("origin.dataset_name", "message").collect()
    assert [row.dataset_name for row in retries] == ["default.landed"]
    assert "color" in retries[0].message


@pytest.fixture(scope="module")
def third(run: Callable[..., Update], second: Update) -> Update:
    assert second.status == "COMPLETED"
    return run().raise_for_status()


def test_with_nothing_new_nothing_is_written(project: Any, second: Update, third: Update) -> None:
    written = {dataset.name: dataset.output_rows for dataset in third.datasets if dataset.output_rows}

    assert written == {}
    assert third["count_of_orders"].status == "UNCHANGED"
    assert len(project.rows("orders")) == 7
    assert second["orders"].output_rows == 1


def test_a_full_refresh_of_a_selection_clears_its_tables_and_checkpoints_and_no_other(
    project: Any, run: Callable[..., Update], third: Update
) -> None:
    assert third.status == "COMPLETED"
    project.feed("us_orders", {"id": 11})

    update = run(full_refresh=["orders"]).raise_for_status()

    assert [dataset.name for dataset in update.datasets] == ["orders"]
    assert update["orders"].output_rows == 11
    old = sorted([*OLD, (200, "old"), (201, "old"), (202, "old")], key=str)
    assert project.rows("orders") == sorted([(1, "eu"), (2, "eu"), (3, "eu"), (10, "us"), (11, "us"), *old], key=str)
    assert sorted(child.name for child in update["orders"].path.glob("region=*")) == ["region=eu", "region=old", "region=us"]


def test_a_table_that_must_not_be_reset_is_not_and_nothing_else_is_either(project: Any, run: Callable[..., Update], third: Update) -> None:
    assert third.status == "COMPLETED"
    versions = {name: project.version(name) for name in ("kept", "orders", "landed")}

    with pytest.raises(UsageError, match=r"kept must not be reset: pipelines\.reset\.allowed is false"):
        run(full_refresh=True)

    assert {name: project.version(name) for name in versions} == versions


def test_a_full_refresh_of_everything_ends_in_the_same_tables(project: Any, run: Callable[..., Update], third: Update) -> None:
    assert third.status == "COMPLETED"
    names = ("customers_1", "customers_2", "landed", "kept")
    before = {name: project.rows(name) for name in names}
    project.write("lane/lane.py", SOURCE.replace('"pipelines.reset.allowed": "false"', ""))

    update = run(full_refresh=True).raise_for_status()

    assert {name: project.rows(name) for name in names} == before
    assert update["kept"].output_rows == 3


def test_a_reset_that_was_cut_short_is_finished_by_the_next_update(project: Any, run: Callable[..., Update], third: Update) -> None:
    assert third.status == "COMPLETED"
    storage, kept = Storage(project.storage), TableName(None, "default", "kept")
    generation = storage.remembered(kept)["generation"]
    # What a process that was killed between its intent and its deed leaves behind.
    storage.remember(kept, generation=generation + 1, resetting=True)

    update = run(refresh=["count_of_orders"]).raise_for_status()

    assert project.rows("kept") == []
    assert [dataset.name for dataset in update.datasets] == ["count_of_orders"]
    assert run(refresh=["kept"])["kept"].output_rows == 3
    assert project.rows("kept") == [(1,), (2,), (3,)]


def test_a_write_whose_end_was_not_noted_is_not_repeated(project: Any, run: Callable[..., Update], third: Update) -> None:
    assert third.status == "COMPLETED"
    storage, orders = Storage(project.storage), TableName(None, "default", "orders")
    rows = project.rows("orders")
    # Killed between the commit and the note.
    storage.remember(orders, once={})

    update = run(refresh=["orders"]).raise_for_status()

    assert update["orders"].output_rows == 0
    assert project.rows("orders") == rows
    assert set(storage.remembered(orders)["once"]) == {"old", "older", "oldest"}


def test_a_selection_that_names_nothing_of_ours_is_refused(run: Callable[..., Update]) -> None:
    with pytest.raises(UsageError, match="no dataset 'order', 'x'"):
        run(refresh=["order", "x"])


def test_a_source_that_was_changed_is_named_as_what_a_stream_cannot_read(project: Any, run: Callable[..., Update], third: Update) -> None:
    assert third.status == "COMPLETED"
    project.feed("us_orders", {"id": 12}, mode="overwrite")

    update = run(refresh=["orders"])

    error = update["orders"].error
    assert error is not None
    assert "skipChangeCommits" in error.message
    assert "append-only" in error.message
