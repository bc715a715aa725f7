"""Refreshing the platform's monitors by the real SDK, against a workspace on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient

from goldlane.errors import UsageError
from goldlane.monitoring.databricks_refreshes import PlatformRefresh, PlatformRefreshes
from goldlane.monitoring.errors import MonitoringError
from goldlane.testing.databricks_routes import RefusedError
from goldlane.testing.databricks_workspace import TOKEN, Workspace

SHOPS, SALES = "main.pay.shops", "main.pay.sales"
Route = Callable[..., dict[str, Any]]


class Monitors:
    """The refreshes of a workspace whose tables go through the states given; what is asked is written down."""

    def __init__(self, states: Mapping[str, list[str]], message: str = "") -> None:
        self.states = {table: list(each) for table, each in states.items()}
        self.message = message
        self.asked: list[str] = []

    def begin(self, _: Workspace, table: str, *, body: Any) -> dict[str, Any]:
        del body
        if table not in self.states:
            raise RefusedError(404, "RESOURCE_DOES_NOT_EXIST", f"no monitor of {table}")
        self.asked.append(f"begin {table}")
        return self._told(table)

    def look(self, _: Workspace, table: str, refresh: str, *, query: Any) -> dict[str, Any]:
        del query
        self.asked.append(f"look {table} {refresh}")
        return self._told(table)

    def _told(self, table: str) -> dict[str, Any]:
        left = self.states[table]
        state = left.pop(0) if len(left) > 1 else left[0]
        return {"refresh_id": 7, "start_time_ms": 0, "state": state, "message": self.message}


@pytest.fixture
def space(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Monitors], WorkspaceClient]]:
    """Makes a client of a workspace with these monitors."""
    workspace = Workspace()
    workspace.start()

    def made(monitors: Monitors) -> WorkspaceClient:
        from goldlane.testing.databricks_workspace import ROUTES

        path = "/api/2.1/unity-catalog/tables/([^/]+)/monitor/refreshes"
        monkeypatch.setitem(ROUTES, ("POST", path), monitors.begin)
        monkeypatch.setitem(ROUTES, ("GET", f"{path}/([^/]+)"), monitors.look)
        return WorkspaceClient(host=workspace.host, token=TOKEN)

    yield made
    workspace.stop()


def test_all_refreshes_are_begun_before_the_first_is_waited_for(space: Callable[[Monitors], WorkspaceClient]) -> None:
    monitors, waits = Monitors({SHOPS: ["PENDING", "RUNNING", "SUCCESS"], SALES: ["RUNNING", "SUCCESS"]}), []

    done = list(PlatformRefreshes(client=space(monitors), wait=waits.append).refresh([SHOPS, SALES]))

    assert done == [PlatformRefresh(table=SHOPS, state="SUCCESS"), PlatformRefresh(table=SALES, state="SUCCESS")]
    assert monitors.asked == [f"begin {SHOPS}", f"begin {SALES}", f"look {SHOPS} 7", f"look {SHOPS} 7", f"look {SALES} 7"]
    assert len(waits) == 3


def test_a_failed_refresh_is_told_with_its_reason_and_a_table_without_a_monitor_is_left_out(
    space: Callable[[Monitors], WorkspaceClient],
) -> None:
    monitors = Monitors({SHOPS: ["FAILED"]}, message="no warehouse")

    failed, absent = PlatformRefreshes(client=space(monitors)).refresh([SHOPS, SALES])

    assert (failed, failed.is_good) == (PlatformRefresh(table=SHOPS, state="FAILED", message="no warehouse"), False)
    assert (absent.state, absent.is_good) == (None, True)


def test_a_refresh_that_does_not_end_is_an_error_that_names_the_table(space: Callable[[Monitors], WorkspaceClient]) -> None:
    monitors = Monitors({SHOPS: ["RUNNING"]})

    with pytest.raises(MonitoringError, match=rf"{SHOPS} is RUNNING after 0 s"):
        list(PlatformRefreshes(client=space(monitors), timeout_s=0, wait=lambda _: None).refresh([SHOPS]))


def test_a_workspace_that_does_not_know_who_asks_is_the_callers_mistake(space: Callable[[Monitors], WorkspaceClient]) -> None:
    host = space(Monitors({SHOPS: ["SUCCESS"]})).config.host

    with pytest.raises(UsageError, match=f"refreshing the monitor of {SHOPS}"):
        list(PlatformRefreshes(client=WorkspaceClient(host=host, token="another")).refresh([SHOPS]))  # noqa: S106  of no workspace
