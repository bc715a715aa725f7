"""Expectations in updates: what is counted, dropped and refused, for batches, streams, views and change feeds."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from goldlane.pipelines import Update
from goldlane.pipelines.eventlog import read_events

SOURCE = """
    import dlt
    from pyspark.sql import functions as F

    RULES = {"priced": "price > 0", "named": F.col("name").isNotNull()}

    @dlt.table
    @dlt.expect("cheap", "price < 100")
    @dlt.expect_all_or_drop(RULES)
    def batch():
        return dlt.read("orders")

    @dlt.table
    @dlt.expect("cheap", "price < 100")
    @dlt.expect_all_or_drop(RULES)
    def stream():
        return dlt.read_stream("orders")

    @dlt.view
    @dlt.expect_or_drop("priced", "price > 0")
    def priced():
        return dlt.read("orders")

    @dlt.table
    @dlt.expect_or_drop("named", "name IS NOT NULL")
    def priced_and_named():
        return dlt.read("priced")

    @dlt.view
    @dlt.expect_or_drop("priced", "price > 0")
    def priced_stream():
        return dlt.read_stream("orders")

    dlt.create_streaming_table("newest", expect_all_or_drop={"named": "name IS NOT NULL"})
    dlt.create_auto_cdc_flow(target="newest", source="priced_stream", keys=["id"], sequence_by="id")

    dlt.create_streaming_table("declared", expect_all={"cheap": "price < 100"}, expect_all_or_drop={"priced": "price > 0"})

    @dlt.append_flow(target="declared")
    def first():
        return dlt.read_stream("orders")

    @dlt.append_flow(target="declared")
    def second():
        return dlt.read_stream("orders").where("id < 3")

    @dlt.table(schema="id BIGINT NOT NULL, name STRING, price DOUBLE, CONSTRAINT pk PRIMARY KEY (id)")
    @dlt.expect_or_drop("priced", "price > 0")
    @dlt.expect_or_fail("sane", "price < 1000 OR price IS NULL")
    def keyed():
        return dlt.read("orders")

    @dlt.table
    @dlt.expect_or_fail("sane", "price < 1000 OR price IS NULL")
    def strict_stream():
        return dlt.read_stream("orders")

    @dlt.table
    def after_keyed():
        return dlt.read("keyed")

    @dlt.table
    def after_that():
        return dlt.read("after_keyed").join(dlt.read("batch").select("id"), "id")
"""
ORDERS = (
    {"id": 1, "name": "book", "price": 10.0},
    {"id": 2, "name": "car", "price": 500.0},
    {"id": 3, "name": "gift", "price": 0.0},
    {"id": 4, "name": None, "price": None},
    {"id": 5, "name": None, "price": 20.0},
)


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Any]) -> Any:
    made = new_project()
    made.write("lane/lane.py", SOURCE)
    made.feed("orders", *ORDERS)
    return made


@pytest.fixture(scope="module")
def update(project: Any) -> Update:
    return project.run().raise_for_status()


def rules(update: Update, name: str) -> dict[str, tuple[str, int, int]]:
    """(action, passed, failed) of each rule, by ``dataset.rule``."""
    return {f"{rule.dataset}.{rule.name}": (rule.action.value, rule.passed, rule.failed) for rule in update[name].expectations}


@pytest.mark.parametrize("name", ["batch", "stream"])
def test_every_rule_counts_all_rows_and_a_dropped_row_is_counted_once(update: Update, name: str) -> None:
    assert rules(update, name) == {f"{name}.cheap": ("warn", 3, 2), f"{name}.priced": ("drop", 3, 2), f"{name}.named": ("drop", 3, 2)}
    assert (update[name].output_rows, update[name].dropped_rows) == (2, 3)


@pytest.mark.parametrize("name", ["batch", "stream"])
def test_rows_that_break_a_drop_rule_are_not_written_and_warnings_are(project: Any, update: Update, name: str) -> None:
    assert update[name].status == "COMPLETED"
    assert project.rows(name, "id") == [(1,), (2,)]


def test_a_views_rules_are_counted_in_the_flow_that_reads_it(project: Any, update: Update) -> None:
    assert rules(update, "priced_and_named") == {"priced.priced": ("drop", 3, 2), "priced_and_named.named": ("drop", 2, 1)}
    assert (update["priced_and_named"].output_rows, update["priced_and_named"].dropped_rows) == (2, 3)
    assert project.rows("priced_and_named", "id") == [(1,), (2,)]


def test_change_feeds_count_the_rules_of_their_source_and_of_their_target(project: Any, update: Update) -> None:
    assert rules(update, "newest") == {"priced_stream.priced": ("drop", 3, 2), "newest.named": ("drop", 2, 1)}
    assert update["newest"].output_rows == 2
    assert project.rows("newest", "id") == [(1,), (2,)]


def test_rules_of_a_declared_table_hold_for_all_its_flows(project: Any, update: Update) -> None:
    assert rules(update, "declared") == {"declared.cheap": ("warn", 4, 3), "declared.priced": ("drop", 5, 2)}
    assert project.rows("declared", "id") == [(1,), (1,), (2,), (2,), (5,)]


def test_a_merged_view_counts_as_any_other(project: Any, update: Update) -> None:
    assert rules(update, "keyed") == {"keyed.priced": ("drop", 3, 2), "keyed.sane": ("fail", 5, 0)}
    assert project.rows("keyed", "id") == [(1,), (2,), (5,)]


@pytest.fixture(scope="module")
def broken(project: Any, update: Update) -> tuple[dict[str, int], Update]:
    """The versions before, and an update with an order that no fail rule lets in."""
    assert update.status == "COMPLETED"
    before = {name: project.version(name) for name in ("keyed", "strict_stream", "after_keyed")}
    project.feed("orders", {"id": 6, "name": "house", "price": 5000.0})
    return before, project.run()


@pytest.mark.parametrize("name", ["keyed", "strict_stream"])
def test_a_broken_fail_rule_leaves_the_table_as_it_was_and_is_named(project: Any, broken: tuple[dict[str, int], Update], name: str) -> None:
    before, update = broken

    error = update[name].error
    assert (update.status, update[name].status, project.version(name)) == ("FAILED", "FAILED", before[name])
    assert error is not None
    assert error.message.startswith(f"[EXPECTATION_VIOLATION.VERBOSITY_ALL] Flow '{name}' failed to meet the expectation")
    assert "Violated expectations: 'sane'" in error.message
    assert '"name":"house"' in error.message


@pytest.mark.parametrize(
    "name, counts",
    [
        ("keyed", {"keyed.priced": ("drop", 4, 2), "keyed.sane": ("fail", 5, 1)}),
        ("strict_stream", {"strict_stream.sane": ("fail", 0, 1)}),
    ],
)
def test_the_batch_that_a_rule_stopped_is_counted_in_the_message_and_in_the_result(
    broken: tuple[dict[str, int], Update], name: str, counts: dict[str, tuple[str, int, int]]
) -> None:
    _, update = broken

    told = "; ".join(f"{rule.split('.')[1]} {passed} passed, {failed} failed" for rule, (_, passed, failed) in counts.items())
    assert rules(update, name) == counts
    assert update[name].output_rows == 0
    assert f" Rows of this batch: {told}." in (update[name].error or pytest.fail("no error")).message


def test_the_counts_of_a_stopped_batch_are_in_the_event_of_its_failure(broken: tuple[dict[str, int], Update]) -> None:
    rows = read_events(broken[1].events_path.parents[1], update=broken[1].update_id)

    failed = [
        json.loads(row["details"])["flow_progress"] for row in rows if row["event_type"] == "flow_progress" and row["level"] == "ERROR"
    ]
    counts = {rule["dataset"]: rule for flow in failed for rule in flow["data_quality"]["expectations"] if rule["name"] == "sane"}
    assert counts == {
        "keyed": {"name": "sane", "dataset": "keyed", "passed_records": 5, "failed_records": 1},
        "strict_stream": {"name": "sane", "dataset": "strict_stream", "passed_records": 0, "failed_records": 1},
    }


def test_what_depends_on_a_failure_is_skipped_and_says_why(project: Any, broken: tuple[dict[str, int], Update]) -> None:
    before, update = broken

    reasons = {name: (update[name].status, update[name].error and update[name].error.message) for name in ("after_keyed", "after_that")}
    assert reasons == {
        "after_keyed": ("SKIPPED", "it reads keyed, which did not complete"),
        "after_that": ("SKIPPED", "it reads after_keyed, which did not complete"),
    }
    assert project.version("after_keyed") == before["after_keyed"]


def test_what_does_not_depend_on_a_failure_runs(project: Any, broken: tuple[dict[str, int], Update]) -> None:
    _, update = broken

    assert (update["batch"].status, update["stream"].output_rows) == ("COMPLETED", 1)
    assert project.rows("stream", "id") == [(1,), (2,), (6,)]


def test_an_update_that_failed_raises_when_asked_to(broken: tuple[dict[str, int], Update]) -> None:
    _, update = broken

    with pytest.raises(Exception, match=r"lane\.py:\d+: keyed: \[EXPECTATION_VIOLATION"):
        update.raise_for_status()


def test_a_mended_rule_lets_the_rows_in_that_were_refused(project: Any, broken: tuple[dict[str, int], Update]) -> None:
    assert broken[1].status == "FAILED"
    project.write("lane/lane.py", SOURCE.replace("price < 1000", "price < 10000"))

    project.run(refresh=["keyed", "strict_stream"]).raise_for_status()

    assert project.rows("strict_stream", "id") == [(1,), (2,), (3,), (4,), (5,), (6,)]
    assert project.rows("keyed", "id") == [(1,), (2,), (5,), (6,)]
