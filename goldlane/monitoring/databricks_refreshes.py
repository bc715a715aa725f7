"""Refreshes of the monitors that a workspace has: asked for together, and waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goldlane.errors import MissingExtraError
from goldlane.features.online.databricks_errors import clear_errors
from goldlane.monitoring.errors import MonitoringError

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.catalog import MonitorRefreshInfo

_EVERY_S, _LONGEST_S = 10.0, 7200.0
_GOING_ON = ("PENDING", "RUNNING", "UNKNOWN")
_DONE = "SUCCESS"


def platform_refreshes() -> PlatformRefreshes:
    """Refreshes in the workspace of the SDK's own configuration.

    Raises:
        MissingExtraError: the SDK is not installed.
        UsageError: it finds no workspace.
    """
    try:
        from databricks.sdk import WorkspaceClient
    except ImportError as missing:
        raise MissingExtraError("databricks", needed_for="refreshing monitors on Databricks") from missing
    with clear_errors("finding the workspace", MonitoringError):
        return PlatformRefreshes(client=WorkspaceClient())


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformRefresh:
    """How the refresh of a table's monitor ended: in a ``state`` of the platform; None where the table has no monitor."""

    table: str
    state: str | None
    message: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the metric tables are up to date, or there are none."""
        return self.state in (None, _DONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformRefreshes:
    """Refreshes by ``client``; ``wait`` is ``time.sleep`` but in tests."""

    client: WorkspaceClient
    timeout_s: float = _LONGEST_S
    wait: Callable[[float], None] = time.sleep

    def refresh(self, tables: Sequence[str]) -> Iterator[PlatformRefresh]:
        """Each table of ``catalog.schema.name``, in order, when its refresh has ended. All are begun before the first is waited for.

        Raises:
            UsageError: the workspace refuses who asks.
            MonitoringError: it could not begin one, or one did not end in time.
        """
        begun = {table: self._begun(table) for table in tables}
        deadline = time.monotonic() + self.timeout_s
        for table, refresh in begun.items():
            if refresh is None:
                yield PlatformRefresh(table=table, state=None)
            else:
                ended = self._ended(table, refresh, deadline)
                yield PlatformRefresh(table=table, state=ended.state.value, message=ended.message or "")

    def _begun(self, table: str) -> MonitorRefreshInfo | None:
        from databricks.sdk.errors import NotFound

        with clear_errors(f"refreshing the monitor of {table}", MonitoringError):
            try:
                return self.client.quality_monitors.run_refresh(table)
            except NotFound:
                return None

    def _ended(self, table: str, refresh: MonitorRefreshInfo, deadline: float) -> MonitorRefreshInfo:
        with clear_errors(f"waiting for the monitor of {table}", MonitoringError):
            while refresh.state.value in _GOING_ON:
                if time.monotonic() > deadline:
                    hint = "it goes on; see the monitor's page in the workspace"
                    raise MonitoringError(f"the refresh of {table} is {refresh.state.value} after {self.timeout_s:g} s", hint=hint)
                self.wait(_EVERY_S)
                refresh = self.client.quality_monitors.get_refresh(table, refresh.refresh_id)
        return refresh
