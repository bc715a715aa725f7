"""AUTO CDC in a pipeline: every parameter, over one change feed that arrives out of order and in two batches."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.pipelines.eventlog import read_events

if TYPE_CHECKING:
    from goldlane.pipelines import Update

# Two updates of twelve tables by MERGE.
pytestmark = pytest.mark.slow


def change(key: int, name: str | None, city: str | None, operation: str, number: int, *written: str) -> dict[str, Any]:
    return {"id": key, "name": name, "city": city, "operation": operation, "number": number, "written": list(written) or ["name", "city"]}


FIRST = (
    change(1, "Ada", "Bonn", "UPSERT", 20),
    change(2, "Bob", "Rome", "UPSERT", 10),
    change(2, "Rob", None, "UPSERT", 30, "name"),
    change(3, "Cid", "Oslo", "UPSERT", 10),
    change(3, None, None, "DELETE", 40),
)
# The first of these is older than what is there already; the next to last too, and its key was deleted since.
SECOND = (
    change(1, "Ad", "Ulm", "UPSERT", 10),
    change(1, "Adam", None, "UPSERT", 30, "name"),
    change(3, "Sid", "Lima", "UPSERT", 35),
    change(4, "Dan", "Nice", "UPSERT", 50),
    change(4, "Dan", "Bonn", "UPSERT", 60),
)


def customers(*rows: tuple[int, str, str]) -> list[dict[str, Any]]:
    return [{"id": key, "name": name, "city": city} for key, name, city in rows]


@pytest.fixture(scope="module")
def project(new_lane: Callable[[str], Any]) -> Any:
    project = new_lane("changes")
    project.feed("customer_changes", *FIRST)
    project.feed("customers", *customers((1, "Ada", "Bonn"), (2, "Bob", "Rome"), (3, "Cid", "Oslo")))
    project.run(name="changes").raise_for_status()
    project.feed("customer_changes", *SECOND)
    project.feed("customers", *customers((1, "Ada", "Ulm"), (2, "Rob", "Rome")), mode="overwrite")
    return project


@pytest.fixture(scope="module")
def update(project: Any) -> Update:
    found: Update = project.run(name="changes").raise_for_status()
    return found


@pytest.mark.parametrize(
    "table, rows",
    [
        ("newest", [(1, "Adam", None), (2, "Rob", None), (4, "Dan", "Bonn")]),
        (
            "history",
            [
                (1, "Ad", "Ulm", 10, 20),
                (1, "Ada", "Bonn", 20, 30),
                (1, "Adam", None, 30, None),
                (2, "Bob", "Rome", 10, 30),
                (2, "Rob", None, 30, None),
                (3, "Cid", "Oslo", 10, 35),
                (3, "Sid", "Lima", 35, 40),
                (4, "Dan", "Nice", 50, 60),
                (4, "Dan", "Bonn", 60, None),
            ],
        ),
        # The city is not tracked: what it changes to stays in the row, with the last number before the name changes.
        (
            "named",
            [
                (1, "Ad", "Ulm", 10, 10, 20),
                (1, "Ada", "Bonn", 20, 20, 30),
                (1, "Adam", None, 30, 30, None),
                (2, "Bob", "Rome", 10, 10, 30),
                (2, "Rob", None, 30, 30, None),
                (3, "Cid", "Oslo", 10, 10, 35),
                (3, "Sid", "Lima", 35, 35, 40),
                (4, "Dan", "Bonn", 60, 50, None),
            ],
        ),
        ("filled", [(1, "Adam", "Bonn"), (2, "Rob", "Rome"), (3, "Sid", "Lima"), (4, "Dan", "Bonn")]),
        ("partly_filled", [(1, "Adam", "Bonn"), (2, "Rob", "Rome"), (3, None, "Lima"), (4, "Dan", "Bonn")]),
        ("filled_but_city", [(1, "Adam", None), (2, "Rob", None), (3, "Sid", None), (4, "Dan", "Bonn")]),
        ("as_named", [(1, "Adam", "Bonn"), (2, "Rob", "Rome"), (3, None, None), (4, "Dan", "Bonn")]),
        ("mirror", [(1, "Ada", "Ulm"), (2, "Rob", "Rome")]),
        (
            "versions",
            [
                (1, "Ada", "Bonn", 1, 2),
                (1, "Ada", "Ulm", 2, None),
                (2, "Rob", "Rome", 1, None),
                (3, "Cid", "Oslo", 1, 2),
                (3, "Cid", "Oslo", 5, None),
            ],
        ),
        ("last_version", [(1, "Ada", "Ulm"), (2, "Rob", "Rome"), (3, "Cid", "Oslo")]),
    ],
)
def test_each_target_holds_exactly_its_rows(project: Any, update: Update, table: str, rows: list[Any]) -> None:
    del update

    assert project.rows(table) == sorted(rows, key=str)


def test_rules_of_a_target_are_asked_of_the_events_with_the_columns_that_it_leaves_out(update: Update) -> None:
    assert [(rule.name, rule.passed, rule.failed) for rule in update["filled"].expectations] == [("known", 5, 0)]


def test_a_snapshot_without_a_version_dates_its_rows_by_when_it_was_taken(project: Any, update: Update) -> None:
    del update
    rows = project.rows("dated", "id", "name", "city", "__START_AT", "__END_AT")

    assert [(*row[:3], row[4] is None) for row in rows] == [
        (1, "Ada", "Bonn", False),
        (1, "Ada", "Ulm", True),
        (2, "Rob", "Rome", True),
        (3, "Cid", "Oslo", False),
    ]
    assert {row[4] for row in rows if row[4]} == {row[3] for row in rows if row[2] == "Ulm"}


@pytest.mark.parametrize(
    "table, upserted, deleted",
    [("newest", 2, 0), ("mirror", 2, 1), ("last_version", 0, 0)],
)
def test_the_log_says_how_many_rows_were_upserted_and_deleted(update: Update, table: str, upserted: int, deleted: int) -> None:
    rows = read_events(update.events_path.parents[1], update=update.update_id)
    metrics = [
        json.loads(row["details"])["flow_progress"].get("metrics", {})
        for row in rows
        if row["event_type"] == "flow_progress" and row["origin"]["dataset_name"] == f"default.{table}"
    ]

    counts = [(one["num_upserted_rows"], one["num_deleted_rows"]) for one in metrics if "num_upserted_rows" in one]

    assert (sum(one for one, _ in counts), sum(one for _, one in counts)) == (upserted, deleted)


@pytest.mark.parametrize("table, kind", [("newest", "CHANGE"), ("mirror", "SNAPSHOT_CHANGE")])
def test_the_log_names_the_type_of_flow(update: Update, table: str, kind: str) -> None:
    rows = read_events(update.events_path.parents[1], update=update.update_id)
    defined = [row for row in rows if row["event_type"] == "flow_definition" and row["origin"]["dataset_name"] == f"default.{table}"]

    assert [json.loads(row["details"])["flow_definition"]["flow_type"] for row in defined] == [kind]
