"""Materialized views: replaced in one commit, merged by key, left alone when nothing can have changed. One project, update by update."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from goldlane.pipelines import Update

SOURCE = """
    import dlt
    from pyspark.sql import functions as F

    @dlt.table
    @dlt.expect("known", "id IS NOT NULL")
    def plain():
        return dlt.read("orders").withColumn("twice", F.col("id") * 2)

    @dlt.table(schema="id BIGINT NOT NULL, name STRING, CONSTRAINT pk PRIMARY KEY (id)")
    @dlt.expect_or_drop("named", "name IS NOT NULL")
    def keyed():
        return dlt.read("orders")

    @dlt.table
    def asked():
        return spark.sql("WITH o AS (SELECT * FROM orders) SELECT id FROM o WHERE id IN (SELECT id FROM wanted)")

    @dlt.table
    def dated():
        return dlt.read("wanted").withColumn("day", F.current_date())

    @dlt.table
    def downstream():
        return dlt.read("keyed").groupBy().count()
"""


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Any]) -> Any:
    made = new_project()
    made.write("lane/lane.py", SOURCE)
    made.feed("orders", {"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": 3, "name": None})
    made.feed("wanted", {"id": 1})
    return made


@pytest.fixture(scope="module")
def first(project: Any) -> Update:
    return project.run().raise_for_status()


def statuses(update: Update) -> dict[str, str]:
    return {dataset.name: str(dataset.status) for dataset in update.datasets}


ALL = {"plain", "keyed", "asked", "dated", "downstream"}


def changed(update: Update) -> set[str]:
    """The datasets that were computed; the others said UNCHANGED."""
    assert set(statuses(update).values()) <= {"COMPLETED", "UNCHANGED"}
    return {name for name, status in statuses(update).items() if status == "COMPLETED"}


def test_a_first_update_computes_everything(project: Any, first: Update) -> None:
    assert changed(first) == ALL
    assert project.rows("plain") == [(1, "a", 2), (2, "b", 4), (3, None, 6)]
    assert (project.rows("keyed"), project.rows("asked"), project.rows("downstream")) == ([(1, "a"), (2, "b")], [(1,)], [(2,)])


def test_with_nothing_new_only_what_depends_on_the_clock_is_computed(project: Any, first: Update) -> None:
    assert first.status == "COMPLETED"
    versions = {name: project.version(name) for name in ALL - {"dated"}}

    update = project.run().raise_for_status()

    assert changed(update) == {"dated"}
    assert {name: project.version(name) for name in versions} == versions
    assert (update["plain"].output_rows, update["plain"].expectations) == (0, ())
    planning = update.events().where("event_type = 'planning_information'").selectExpr("origin.dataset_name", "message").collect()
    assert {row.dataset_name for row in planning if "is unchanged" in row.message} == {f"default.{name}" for name in versions}
    assert {row.dataset_name for row in planning if "was computed anew" in row.message} == {"default.dated"}


def test_a_table_that_is_only_read_in_a_subquery_counts(project: Any, first: Update) -> None:
    assert first.status == "COMPLETED"
    project.feed("wanted", {"id": 2})

    update = project.run().raise_for_status()

    assert changed(update) == {"asked", "dated"}
    assert project.rows("asked") == [(1,), (2,)]


def test_a_view_is_replaced_in_one_commit_and_a_keyed_one_writes_what_differs(project: Any, first: Update, spark: Any) -> None:
    assert first.status == "COMPLETED"
    before = {name: project.version(name) for name in ("plain", "keyed")}
    project.feed("orders", {"id": 1, "name": "a"}, {"id": 2, "name": "B"}, {"id": 4, "name": "d"}, mode="overwrite")

    update = project.run().raise_for_status()

    after = {name: project.version(name) for name in before}
    assert {name: after[name] - before[name] for name in before} == {"plain": 1, "keyed": 1}
    assert project.rows("plain", "id") == [(1,), (2,), (4,)]
    feed = spark.read.format("delta").option("readChangeFeed", "true").option("startingVersion", after["keyed"])
    changes = feed.load(str(update["keyed"].path)).select("_change_type", "id", "name").collect()
    assert sorted(map(tuple, changes)) == [("insert", 4, "d"), ("update_postimage", 2, "B"), ("update_preimage", 2, "b")]
    assert changed(update) >= {"plain", "keyed", "downstream"}


def test_other_code_and_other_rules_are_computed_and_other_words_are_not(project: Any, first: Update) -> None:
    assert first.status == "COMPLETED"
    project.run().raise_for_status()
    edited = SOURCE.replace('F.col("id") * 2', 'F.col("id") * 3').replace('"name IS NOT NULL"', "\"name IS NOT NULL AND name <> 'd'\"")
    project.write("lane/lane.py", edited.replace('"orders").groupBy', '"orders") .groupBy  # counted'))

    update = project.run().raise_for_status()

    assert changed(update) == {"plain", "keyed", "dated", "downstream"}
    assert project.rows("plain", "id", "twice") == [(1, 3), (2, 6), (4, 12)]
    assert project.rows("keyed", "id") == [(1,), (2,)]


def test_columns_may_come_and_go(project: Any, first: Update) -> None:
    assert first.status == "COMPLETED"
    project.write("lane/lane.py", SOURCE.replace('F.col("id") * 2)', 'F.col("id") * 2).drop("name").withColumn("new", F.lit("x"))'))

    project.run(refresh=["plain"]).raise_for_status()

    assert project.rows("plain", "id", "twice", "new") == [(1, 2, "x"), (2, 4, "x"), (4, 8, "x")]


def test_a_table_that_somebody_deleted_is_computed_again(project: Any, first: Update) -> None:
    import shutil

    project.run().raise_for_status()
    shutil.rmtree(first["plain"].path)

    update = project.run(refresh=["plain"]).raise_for_status()

    assert update["plain"].status == "COMPLETED"
    assert project.rows("plain", "id") == [(1,), (2,), (4,)]
