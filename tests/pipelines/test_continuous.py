"""A continuous update goes on with what arrives until it is stopped; one that fails stops itself and what reads it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from goldlane.pipelines import Update

PATIENCE_S = 120
SOURCE = """
    import dlt
    from pyspark.sql import functions as F

    @dlt.table
    def orders():
        stream = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
        return stream.schema("id STRING, amount DOUBLE").load("{landing}")

    @dlt.table
    def sales():
        return dlt.read("orders").agg(F.count("*").alias("orders"), F.sum("amount").alias("amount"))

    @dlt.table
    def fragile():
        return dlt.read_stream("orders").select("id", F.expr("CAST(id AS INT)").alias("number"))

    @dlt.view
    def between():
        return dlt.read_stream("fragile")

    @dlt.table
    def behind():
        return dlt.read_stream("between")
"""


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Any]) -> Any:
    made = new_project()
    made.write("lane/lane.py", SOURCE.replace("{landing}", str(made.folder / "landing")))
    made.land("1.json", {"id": "1", "amount": 1.0})
    return made


def wait_for(there: Callable[[], bool], update: threading.Thread) -> None:
    end = time.monotonic() + PATIENCE_S
    while not there():
        assert update.is_alive(), "the update ended before"
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.2)


def rows(project: Any, table: str, *columns: str) -> list[Any]:
    try:
        found: list[Any] = project.rows(table, *columns)
    except Exception:  # noqa: BLE001  not written yet
        return []
    return found


@pytest.fixture(scope="module")
def ran(project: Any) -> tuple[Update, list[str]]:
    """Three orders, the second and third while it runs; the third is one that ``fragile`` fails over."""
    stop, updates, seen = threading.Event(), [], []

    def run() -> None:
        settings = {"pipelines.trigger.interval": "500 ms", "pipelines.numUpdateRetryAttempts": "3"}
        updates.append(project.run(continuous=True, stop=stop, configuration=settings))

    thread = threading.Thread(target=run)
    thread.start()
    wait_for(lambda: rows(project, "sales", "orders") == [(1,)], thread)
    project.land("2.json", {"id": "2", "amount": 2.0})
    wait_for(lambda: rows(project, "sales", "orders") == [(2,)] and len(rows(project, "behind", "id")) == 2, thread)
    seen.append("second")
    project.land("3.json", {"id": "three", "amount": 3.0})
    wait_for(lambda: rows(project, "sales", "orders") == [(3,)], thread)
    seen.append("third")
    stop.set()
    thread.join(PATIENCE_S)
    return updates[0], seen


def test_what_arrives_while_it_runs_goes_through_streams_and_materialized_views(project: Any, ran: tuple[Update, list[str]]) -> None:
    assert ran[1] == ["second", "third"]
    assert project.rows("orders", "id") == [("1",), ("2",), ("three",)]
    assert project.rows("sales", "orders", "amount") == [(3, 6.0)]


def test_a_flow_that_fails_stops_what_reads_it_and_nothing_else(ran: tuple[Update, list[str]]) -> None:
    update = ran[0]

    assert {name: update[name].status for name in ("orders", "sales", "fragile", "behind")} == {
        "orders": "COMPLETED",
        "sales": "COMPLETED",
        "fragile": "FAILED",
        "behind": "SKIPPED",
    }
    assert update["behind"].error is not None
    assert update["behind"].error.message == "it reads fragile, which failed"
    assert (update["orders"].output_rows, update["fragile"].output_rows) == (3, 2)


def test_the_log_tells_of_idle_and_running_flows_and_of_the_stop(ran: tuple[Update, list[str]]) -> None:
    events = ran[0].events().orderBy("sequence.data_plane_id.seq_no").select("event_type", "origin.dataset_name", "details").collect()

    states = [json.loads(event.details)["update_progress"]["state"] for event in events if event.event_type == "update_progress"]
    flows = [
        json.loads(event.details)["flow_progress"]["status"]
        for event in events
        if event.dataset_name == "default.orders" and event.event_type == "flow_progress"
    ]
    assert states[-2:] == ["STOPPING", "FAILED"]
    assert [status for status, before in zip(flows, [None, *flows], strict=False) if status != before][-1] == "STOPPED"
    assert {"STARTING", "IDLE", "RUNNING"} <= set(flows)
