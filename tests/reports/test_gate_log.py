"""What a log has against going on, of hand-made events: an update, and one table in it."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from goldlane.reports.gate_log import objections


def log(state: str, status: str) -> list[dict[str, Any]]:
    origin = {"update_id": "u1", "pipeline_name": "lane", "dataset_name": None, "flow_name": None}
    of_table = {**origin, "dataset_name": "sales", "flow_name": "sales"}
    told = [("update_progress", origin, {"state": state}), ("flow_progress", of_table, {"status": status})]
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    return [
        {"event_type": kind, "origin": where, "timestamp": now, "message": "", "error": None, "details": json.dumps({kind: details})}
        for kind, where, details in told
    ]


def test_an_update_that_completed_is_well() -> None:
    assert list(objections(log("COMPLETED", "COMPLETED"))) == []


def test_an_update_that_should_have_ended_and_did_not_is_objected_to() -> None:
    assert list(objections(log("RUNNING", "RUNNING"))) == ["update u1 of lane is RUNNING", "sales is RUNNING"]


@pytest.mark.parametrize(
    "state,status", [("RUNNING", "RUNNING"), ("RUNNING", "IDLE"), ("INITIALIZING", "QUEUED"), ("RUNNING", "COMPLETED")]
)
def test_an_update_of_a_continuous_pipeline_need_not_end(state: str, status: str) -> None:
    assert list(objections(log(state, status), may_go_on=True)) == []


@pytest.mark.parametrize("state,status", [("FAILED", "FAILED"), ("CANCELED", "STOPPED"), ("FAILED", "SKIPPED")])
def test_an_update_of_a_continuous_pipeline_that_ended_badly_is_objected_to(state: str, status: str) -> None:
    first, second = objections(log(state, status), may_go_on=True)

    assert first == f"update u1 of lane is {state}"
    assert second.startswith("sales is ")
