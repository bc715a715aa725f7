"""``goldlane-monitor`` in a workspace's compute: the platform's monitors of the tables that the project watches."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from goldlane.cli.monitor_task import placed
from goldlane.cli.wheel_tasks import run_monitor
from goldlane.features.lakehouse import lakehouse
from goldlane.monitoring import Monitor, Snapshot
from goldlane.testing.databricks_routes import RefusedError
from goldlane.testing.databricks_workspace import ROUTES, TOKEN, Workspace

WATCHED = """
from goldlane.monitoring import Monitor, Snapshot

MONITORS = (Monitor(table="shops", profile=Snapshot()), Monitor(table="sales", profile=Snapshot()))
"""
REFRESHES = "/api/2.1/unity-catalog/tables/([^/]+)/monitor/refreshes"
Asked = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    found = Workspace()
    found.start()
    own = {"RUNTIME_VERSION": "client.4", "HOST": found.host, "TOKEN": TOKEN, "CONFIG_FILE": os.devnull}
    for name, value in own.items():
        monkeypatch.setenv(f"DATABRICKS_{name}", value)
    yield found
    found.stop()


@pytest.fixture
def asked(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Asked:
    """Runs the task where only these tables have a monitor, whose refreshes end in ``state``; gives its exit code and document."""
    del workspace
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "pyproject.toml").write_text('[tool.goldlane]\nmonitors = "watched_shops:MONITORS"\n', encoding="utf-8")
    (tmp_path / "watched_shops.py").write_text(WATCHED, encoding="utf-8")

    def run(*tables: str, state: str = "SUCCESS", words: tuple[str, ...] = ()) -> tuple[int, dict[str, Any]]:
        def begin(_: Workspace, table: str, *, body: Any) -> dict[str, Any]:
            del body
            if table not in tables:
                raise RefusedError(404, "RESOURCE_DOES_NOT_EXIST", f"no monitor of {table}")
            return {"refresh_id": 7, "start_time_ms": 0, "state": state, "message": "as it is"}

        monkeypatch.setitem(ROUTES, ("POST", REFRESHES), begin)
        code = 0
        try:
            run_monitor([*words, "--project", str(tmp_path), "--catalog", "main", "--schema", "pay", "--storage", "", "--json"])
        except SystemExit as ended:
            code = int(ended.code or 0)
        return code, json.loads(capsys.readouterr().out)

    return run


def test_the_watched_tables_are_those_of_the_job_s_schema(asked: Asked) -> None:
    code, document = asked("main.pay.shops", "main.pay.sales")

    assert code == 0
    assert [(each["table"], each["state"]) for each in document["tables"]] == [("main.pay.shops", "SUCCESS"), ("main.pay.sales", "SUCCESS")]


def test_a_table_without_a_monitor_there_stops_nothing(asked: Asked) -> None:
    code, document = asked("main.pay.shops")

    assert code == 0
    assert [each["state"] for each in document["tables"]] == ["SUCCESS", None]


def test_a_refresh_that_failed_fails_the_task(asked: Asked) -> None:
    code, document = asked("main.pay.shops", state="FAILED", words=("shops",))

    assert code == 1
    assert [(each["table"], each["message"]) for each in document["tables"]] == [("main.pay.shops", "as it is")]


@pytest.mark.parametrize("table, expected", [("shops", "main.pay.shops"), ("ref.shops", "ref.shops")])
def test_a_table_that_says_its_schema_stays_there(table: str, expected: str) -> None:
    monitor = placed(Monitor(table=table, profile=Snapshot(), baseline=f"{table}_before"), "main.pay")

    assert (monitor.table, monitor.baseline) == (expected, f"{expected}_before")


def test_a_table_of_the_default_schema_has_the_name_that_its_alerts_have_in_goldlane_monitor() -> None:
    assert placed(Monitor(table="shops", profile=Snapshot()), lakehouse(storage="storage").schema).table == "shops"
