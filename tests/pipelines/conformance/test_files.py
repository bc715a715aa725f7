"""Auto Loader in a pipeline: each file once, schemas that grow by themselves, and what does not fit kept beside."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.pipelines.eventlog import read_events

if TYPE_CHECKING:
    from goldlane.pipelines import Update


@pytest.fixture(scope="module")
def project(new_lane: Callable[[str], Any]) -> Any:
    project = new_lane("files.py")
    project.land("events/first.json", {"id": 1, "name": "Ada"}, {"id": 2, "name": "Bob"})
    project.write("landing/prices/first.csv", "id,price,day\n1,10.50,2026-01-31\n2,many,2026-02-01\n")
    project.run(name="files", configuration={"landing": str(project.folder / "landing")}).raise_for_status()
    project.land("events/second.json", {"id": 3, "name": "Cid", "city": "Oslo"}, {"id": "four", "name": "Dan"})
    project.write("landing/prices/second.csv", "id,price,day\n3,7.00,2026-02-02\n")
    return project


@pytest.fixture(scope="module")
def update(project: Any) -> Update:
    found: Update = project.run(name="files", configuration={"landing": str(project.folder / "landing")}).raise_for_status()
    return found


def test_a_new_column_extends_the_table_and_no_file_is_read_twice(project: Any, update: Update) -> None:
    assert update["grown"].output_rows == 2
    assert project.rows("grown", "id", "name", "city", "file") == [
        ("1", "Ada", None, "first.json"),
        ("2", "Bob", None, "first.json"),
        ("3", "Cid", "Oslo", "second.json"),
        ("four", "Dan", None, "second.json"),
    ]


def test_the_log_says_why_the_flow_started_over(update: Update) -> None:
    rows = read_events(update.events_path.parents[1], update=update.update_id)

    started_over = [row["message"] for row in rows if row["level"] == "WARN" and row["origin"]["dataset_name"] == "default.grown"]

    assert len(started_over) == 1
    assert "city" in started_over[0]


def test_what_does_not_fit_is_rescued_with_its_file(project: Any, update: Update) -> None:
    del update
    rescued = {row[0]: json.loads(row[1]) for row in project.rows("typed", "name", "_rescued_data") if row[1]}

    assert {name: {key: value for key, value in kept.items() if key != "_file_path"} for name, kept in rescued.items()} == {
        "Cid": {"city": "Oslo"},
        "Dan": {"id": "four"},
    }
    assert {kept["_file_path"].rsplit("/", 1)[1] for kept in rescued.values()} == {"second.json"}
    assert [row for row in project.rows("typed", "id", "name") if row[0] is not None] == [(1, "Ada"), (2, "Bob"), (3, "Cid")]


def test_hints_win_and_a_value_that_breaks_them_is_rescued(project: Any, update: Update) -> None:
    del update
    rows = project.rows("hinted", "id", "price", "day", "_rescued")

    assert [row[:3] for row in rows] == [
        ("1", Decimal("10.50"), date(2026, 1, 31)),
        ("2", None, date(2026, 2, 1)),
        ("3", Decimal("7.00"), date(2026, 2, 2)),
    ]
    assert [json.loads(row[3])["price"] for row in rows if row[3]] == ["many"]


def test_a_given_schema_is_kept_and_other_columns_are_left_out(project: Any, update: Update) -> None:
    del update

    assert project.rows("given") == [(1, "Ada"), (2, "Bob"), (3, "Cid"), (None, "Dan")]
