"""Sinks, flows that update and replace, and hooks: what arrives outside the pipeline, once, over two updates."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from deltalake import DeltaTable

from goldlane.pipelines.eventlog import read_events

if TYPE_CHECKING:
    from goldlane.pipelines import Update


@pytest.fixture(scope="module")
def project(new_lane: Callable[[str], Any]) -> Any:
    project = new_lane("sinks.py")
    (project.folder / "out").mkdir()
    project.feed("orders", {"id": 1, "name": "book", "price": 7.0}, {"id": 2, "name": "pen", "price": 1.0})
    project.run(name="sinks", configuration={"out": str(project.folder / "out")}).raise_for_status()
    project.feed("orders", {"id": 1, "name": "book", "price": 9.0})
    return project


@pytest.fixture(scope="module")
def update(project: Any) -> Update:
    found: Update = project.run(name="sinks", configuration={"out": str(project.folder / "out")}).raise_for_status()
    return found


def outside(project: Any, name: str) -> list[tuple[Any, ...]]:
    rows = DeltaTable(str(project.folder / "out" / name)).to_pyarrow_table().to_pylist()
    return sorted(tuple(row.values()) for row in rows)


def test_a_delta_sink_gets_each_row_once(project: Any, update: Update) -> None:
    assert (update["outside"].kind, update["outside"].output_rows) == ("sink", 1)
    assert outside(project, "outside") == [(1, "book", 7.0), (1, "book", 9.0), (2, "pen", 1.0)]


def test_a_handler_gets_each_micro_batch(project: Any, update: Update) -> None:
    del update

    assert (project.folder / "out" / "counted").read_text(encoding="utf-8").split() == ["2", "1"]


def test_an_update_flow_sends_what_changed(project: Any, update: Update) -> None:
    del update

    assert outside(project, "totals") == [(1, 1), (1, 2), (2, 1)]


@pytest.mark.parametrize(
    "table, rows",
    [("prices", [(1, 9.0), (2, 1.0)]), ("named_prices", [("book", 9.0), ("pen", 1.0)])],
)
def test_a_replace_flow_keeps_the_newest_of_each_key(project: Any, update: Update, table: str, rows: list[Any]) -> None:
    del update

    assert project.rows(table) == rows


def test_a_hook_hears_the_states_of_the_update(project: Any, update: Update) -> None:
    del update
    heard = (project.folder / "out" / "heard").read_text(encoding="utf-8").split()

    assert heard[-2:] == ["RUNNING", "COMPLETED"]
    assert "started" in (project.folder / "out" / "created").read_text(encoding="utf-8")


def test_the_log_defines_the_sink(update: Update) -> None:
    rows = read_events(update.events_path.parents[1], update=update.update_id)

    defined = [json.loads(row["details"])["sink_definition"] for row in rows if row["event_type"] == "sink_definition"]

    assert [one["format"] for one in defined] == ["delta", "foreachBatch", "foreachBatch"]
