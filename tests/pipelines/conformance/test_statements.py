"""A pipeline in SQL alone: every kind of statement, with the same rows, rules and log as its Python twin."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from deltalake import DeltaTable

if TYPE_CHECKING:
    from goldlane.pipelines import Update

CHANGES = (
    {"id": 1, "city": "Bonn", "operation": "UPSERT", "number": 10, "written": ["city"]},
    {"id": 1, "city": "Ulm", "operation": "UPSERT", "number": 20, "written": ["city"]},
    {"id": 2, "city": "Ulm", "operation": "UPSERT", "number": 10, "written": ["city"]},
    {"id": 3, "city": "Rome", "operation": "UPSERT", "number": 10, "written": ["city"]},
    {"id": 3, "city": None, "operation": "DELETE", "number": 20, "written": ["city"]},
)


@pytest.fixture(scope="module")
def project(new_lane: Callable[[str], Any]) -> Any:
    project = new_lane("statements.sql")
    project.land("events/first.json", {"id": 1, "name": "Ada"}, {"id": 2, "name": "Bob"}, {"name": "nobody"})
    project.feed("customer_changes", *CHANGES)
    return project


@pytest.fixture(scope="module")
def update(project: Any) -> Update:
    found: Update = project.run(name="sql", configuration={"landing": str(project.folder / "landing")}).raise_for_status()
    return found


@pytest.mark.parametrize(
    "table, rows",
    [
        ("events", [(1, "Ada"), (2, "Bob")]),
        ("old_style", [(1,), (2,)]),
        ("per_city", [("Ulm", 2)]),
        ("newest", [(1, "Ulm"), (2, "Ulm")]),
        ("history", [(1, "Bonn", 10, 20), (1, "Ulm", 20, None), (2, "Ulm", 10, None), (3, "Rome", 10, 20)]),
        ("collected", [(1, "changes"), (1, "changes"), (1, "events"), (2, "changes"), (2, "events"), (3, "changes"), (3, "changes")]),
    ],
)
def test_each_statement_s_table_holds_exactly_its_rows(project: Any, update: Update, table: str, rows: list[Any]) -> None:
    del update

    assert project.rows(table) == rows


def test_constraints_are_expectations(update: Update) -> None:
    rules = {
        (dataset.name, rule.name): (rule.action.value, rule.passed, rule.failed)
        for dataset in update.datasets
        for rule in dataset.expectations
    }

    assert rules == {
        ("events", "known"): ("drop", 2, 1),
        ("events", "named"): ("warn", 2, 1),
        ("per_city", "some"): ("fail", 1, 0),
    }


def test_clauses_are_what_any_delta_reader_sees(project: Any, update: Update) -> None:
    del update
    events, cities = (DeltaTable(str(project.storage / "tables" / "default" / table)) for table in ("events", "per_city"))

    assert (events.metadata().description, events.metadata().configuration["quality"]) == ("as they came", "bronze")
    assert events.schema().fields[0].metadata == {"comment": "who"}
    assert cities.metadata().configuration["delta.enableChangeDataFeed"] == "true"
    assert [(field.name, field.nullable) for field in cities.schema().fields] == [("city", False), ("people", True)]
