"""Every function and every keyword of ``import dlt``, in its three spellings, in one pipeline."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from deltalake import DeltaTable

from goldlane.pipelines.api import NAMES
from goldlane.pipelines.eventlog import read_events

if TYPE_CHECKING:
    from goldlane.pipelines import Update

LANES = Path(__file__).parent / "lanes"
BOOK, CAR, GIFT, RENAMED = (1, "book", 7.0), (2, None, 500.0), (3, "gift", 0.0), (1, "books", 8.0)


@pytest.fixture(scope="module")
def project(new_lane: Callable[[str], Any]) -> Any:
    project = new_lane("api")
    for batch in ((BOOK, CAR), (GIFT, RENAMED)):
        project.feed("orders", *({"id": key, "name": name, "price": price} for key, name, price in batch))
    return project


@pytest.fixture(scope="module")
def update(project: Any) -> Update:
    found: Update = project.run(name="api").raise_for_status()
    return found


def stored(project: Any, table: str) -> DeltaTable:
    return DeltaTable(str(project.storage / "tables" / "default" / table))


def test_each_spelling_declares_into_one_pipeline_and_each_dataset_gets_its_kind(update: Update) -> None:
    kinds = {dataset.name: dataset.kind.value for dataset in update.datasets}

    assert kinds == {
        "bare": "materialized_view",
        "called": "streaming_table",
        "described": "materialized_view",
        "hidden": "materialized_view",
        "clustered": "materialized_view",
        "old_table": "materialized_view",
        "a_view": "view",
        "named_view": "view",
        "old_view": "view",
        "from_views": "materialized_view",
        "collected": "streaming_table",
        "streamed": "view",
        "from_stream": "streaming_table",
        "per_country": "materialized_view",
        "old_target": "streaming_table",
        "old_live": "streaming_table",
        "old_fed": "streaming_table",
        "one_by_one": "materialized_view",
        "all_at_once": "streaming_table",
    }


@pytest.mark.parametrize(
    "table, columns, rows",
    [
        ("bare", ["id", "price"], [(1, 7.0), (1, 8.0), (2, 500.0), (3, 0.0)]),
        ("called", ["id", "price"], [(1, 7.0), (1, 8.0), (2, 500.0), (3, 0.0)]),
        ("hidden", ["id", "price"], [(1, 7.0), (1, 8.0), (2, 500.0)]),
        ("clustered", ["id"], [(1,), (1,), (2,)]),
        ("old_table", ["id", "price"], [(1, 7.0), (1, 8.0)]),
        ("from_views", ["id", "price"], [(1, 7.0), (1, 7.0), (1, 8.0), (1, 8.0)]),
        ("from_stream", ["id"], [(1,), (1,), (2,), (3,)]),
        ("per_country", ["country", "orders"], [("DE", 3), ("FR", 3), ("XX", 3)]),
        ("old_target", ["id"], [(1,), (1,), (2,), (3,)]),
        ("old_live", ["id"], [(1,), (1,), (2,), (3,)]),
        ("old_fed", ["id"], [(1,), (1,), (2,), (3,)]),
        ("one_by_one", ["id", "price"], [(1, 7.0), (1, 8.0), (2, 500.0)]),
        ("all_at_once", ["id", "price"], [(1, 7.0), (1, 8.0), (2, 500.0)]),
    ],
)
def test_each_table_holds_exactly_its_rows(project: Any, update: Update, table: str, columns: list[str], rows: list[Any]) -> None:
    del update

    assert project.rows(table, *columns) == rows


def test_what_a_table_declares_is_what_any_delta_reader_sees(project: Any, update: Update) -> None:
    del update
    table = stored(project, "described")

    assert table.metadata().description == "one row per order"
    assert table.metadata().partition_columns == ["country"]
    assert {key: table.metadata().configuration.get(key) for key in ("quality", "pipelines.autoOptimize.managed")} == {
        "quality": "gold",
        "pipelines.autoOptimize.managed": "true",
    }
    assert [(field.name, field.nullable) for field in table.schema().fields] == [("id", False), ("price", True), ("country", True)]
    assert table.schema().fields[0].metadata == {"comment": "who"}


def test_a_primary_key_turns_the_change_feed_on(project: Any, update: Update) -> None:
    del update

    assert stored(project, "described").metadata().configuration["delta.enableChangeDataFeed"] == "true"


@pytest.mark.parametrize(
    "table, dropped, rules",
    [
        ("one_by_one", 1, {"cheap": ("warn", 3, 1), "priced": ("drop", 3, 1), "known": ("fail", 4, 0)}),
        (
            "all_at_once",
            1,
            {"cheap": ("warn", 3, 1), "named": ("warn", 3, 1), "priced": ("drop", 3, 1), "known": ("drop", 4, 0), "sane": ("fail", 4, 0)},
        ),
        # Two streaming flows and one that runs once pass the target's rules: twelve rows in, three of them free.
        ("collected", 3, {"cheap": ("warn", 9, 3), "priced": ("drop", 9, 3), "known": ("fail", 12, 0)}),
    ],
)
def test_rules_count_every_row_that_reached_them(update: Update, table: str, dropped: int, rules: dict[str, Any]) -> None:
    counted = {rule.name: (rule.action.value, rule.passed, rule.failed) for rule in update[table].expectations}

    assert (update[table].dropped_rows, counted) == (dropped, rules)


def test_quality_in_the_event_log_adds_up_to_the_same_counts(update: Update) -> None:
    rows = read_events(update.events_path.parents[1], update=update.update_id)
    quality = [
        json.loads(row["details"])["flow_progress"]["data_quality"]
        for row in rows
        if row["event_type"] == "flow_progress"
        and row["origin"]["dataset_name"] == "default.all_at_once"
        and "data_quality" in row["details"]
    ]

    totals: dict[str, tuple[int, int]] = {}
    for one in quality:
        for rule in one["expectations"]:
            passed, failed = totals.get(rule["name"], (0, 0))
            totals[rule["name"]] = (passed + rule["passed_records"], failed + rule["failed_records"])

    assert sum(one["dropped_records"] for one in quality) == 1
    assert totals == {"cheap": (3, 1), "named": (3, 1), "priced": (3, 1), "known": (4, 0), "sane": (4, 0)}


def test_a_once_flow_does_not_run_again(project: Any, update: Update) -> None:
    del update
    project.feed("orders", {"id": 4, "name": "pen", "price": 1.0})

    again = project.run(name="api", refresh=["collected"]).raise_for_status()

    assert again["collected"].output_rows == 2
    assert [row for row in project.rows("collected", "id", "country") if row[1] == "XX"] == [(101, "XX"), (101, "XX"), (102, "XX")]


@pytest.mark.parametrize("name", sorted(NAMES))
def test_some_lane_uses_every_public_name_with_every_keyword(name: str) -> None:
    declared = inspect.unwrap(NAMES[name])
    twins = {twin for twin, function in NAMES.items() if inspect.unwrap(function) is declared} | _SAME_SIGNATURE.get(name, set())
    calls = [call for call in _calls() if call[0] in twins]
    wanted = {key for key in inspect.signature(NAMES[name]).parameters if key not in _ELSEWHERE}

    given = {key for _, keys, _ in calls for key in keys} | {key for _, _, count in calls for key in _positional(name, count)}

    assert name in {node.attr for node in _nodes() if isinstance(node, ast.Attribute)}
    assert wanted - given == set()


# What a decorator is given by Python, and what only a bitemporal history takes, which is refused (tests/pipelines/cdc).
_ELSEWHERE = {"query_function", "system_sequence_by"}
_SAME_SIGNATURE = {"table": {"materialized_view"}, "materialized_view": {"table"}, "create_table": {"materialized_view"}}


def _positional(name: str, count: int) -> list[str]:
    parameters = inspect.signature(NAMES[name]).parameters.values()
    return [one.name for one in parameters if one.kind is not inspect.Parameter.KEYWORD_ONLY][:count]


def _nodes() -> Iterator[ast.AST]:
    for file in sorted(LANES.rglob("*.py")):
        yield from ast.walk(ast.parse(file.read_text(encoding="utf-8")))


def _calls() -> list[tuple[str, tuple[str, ...], int]]:
    """Name, keywords and number of positional arguments of every call through a module."""
    found = [node for node in _nodes() if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    return [(call.func.attr, tuple(key.arg or "" for key in call.keywords), len(call.args)) for call in found]  # type: ignore[attr-defined]
