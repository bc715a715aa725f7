"""Monitors on Databricks: the declarations of this project, created, kept up to date and read back by the platform's own SDK."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from goldlane.errors import MissingExtraError, UsageError
from goldlane.monitoring.databricks_apis import DataQuality, MonitorApi, PlatformMonitor, QualityMonitors
from goldlane.monitoring.databricks_metrics import untranslatable
from goldlane.monitoring.databricks_names import Names
from goldlane.monitoring.errors import MonitorDeclarationError, MonitoringError
from goldlane.monitoring.profiles import InferenceLog

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from goldlane.monitoring.monitors import Monitor

Api = Literal["data_quality", "quality_monitors"]
_EVERY_S, _LONGEST_S = 5.0, 1800.0
_BROKEN = ("ERROR", "FAILED", "DELETE_PENDING")


def platform_monitors(
    names: Names, *, client: WorkspaceClient | None = None, api: Api = "data_quality", assets_dir: str | None = None
) -> PlatformMonitors:
    """Monitors of a workspace; without ``client`` that of the SDK's own configuration. ``assets_dir`` takes the dashboards' files.

    Raises:
        MissingExtraError: the SDK is not installed.
        UsageError: there is no such ``api``, or the SDK finds no workspace.
    """
    if api not in get_args(Api):
        raise UsageError(f"there is no api {api!r}; there are {' and '.join(get_args(Api))}")
    asked = client or _client()
    made = DataQuality if api == "data_quality" else QualityMonitors
    return PlatformMonitors(api=made(client=asked, names=names, assets_dir=assets_dir))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformMonitors:
    """Creates, updates and deletes by ``api``, and waits until monitors are active; ``wait`` is ``time.sleep`` but in tests."""

    api: MonitorApi
    timeout_s: float = _LONGEST_S
    wait: Callable[[float], None] = time.sleep

    def create(self, monitor: Monitor) -> PlatformMonitor:
        """A new monitor, active.

        Raises:
            MonitorDeclarationError: the platform has no word for part of it; all mistakes at once, before anything is asked.
            UsageError: there is no such table or schema, or the workspace refuses who asks.
            MonitoringError: the table has a monitor already, or the new one failed or was not active in time.
        """
        self._check(monitor)
        self.api.create(monitor)
        return self._active(monitor.table)

    def update(self, monitor: Monitor) -> PlatformMonitor:
        """The monitor that is there, made this one, active again. Raises as ``create`` does."""
        self._check(monitor)
        self.api.update(monitor)
        return self._active(monitor.table)

    def apply(self, monitor: Monitor) -> PlatformMonitor:
        """Created where there is none, updated where there is one. Raises as ``create`` does."""
        return self.create(monitor) if self.api.find(monitor.table) is None else self.update(monitor)

    def get(self, table: str) -> PlatformMonitor:
        """The monitor of a table, as the platform has it now.

        Raises:
            UsageError: there is none.
        """
        found = self.api.find(table)
        if found is None:
            raise UsageError(f"{table} has no monitor on the platform", hint="create it first")
        return found

    def delete(self, table: str) -> None:
        """Takes the monitor away. Its metric tables and its dashboard stay, as the platform leaves them.

        Raises:
            UsageError: there is none.
        """
        self.get(table)
        self.api.delete(table)

    def left_out(self, monitor: Monitor) -> tuple[str, ...]:
        """What of the monitor the platform is not told, in sentences."""
        return tuple(_left_out(monitor, by_ids=isinstance(self.api, DataQuality)))

    def _check(self, monitor: Monitor) -> None:
        mistakes = list(untranslatable(monitor))
        if mistakes:
            raise MonitorDeclarationError(f"monitor of {monitor.table!r}", mistakes)

    def _active(self, table: str) -> PlatformMonitor:
        deadline = time.monotonic() + self.timeout_s
        while (found := self.get(table)).status != "ACTIVE":
            if found.status in _BROKEN:
                raise MonitoringError(f"the monitor of {table} is {found.status}: {found.failure or 'it does not say why'}")
            if time.monotonic() > deadline:
                hint = "it goes on; ask `get` later, and see whether the workspace has a running SQL warehouse"
                raise MonitoringError(f"the monitor of {table} is {found.status} after {self.timeout_s:g} s", hint=hint)
            self.wait(_EVERY_S)
        return found


def _left_out(monitor: Monitor, *, by_ids: bool) -> Iterator[str]:
    if monitor.alerts:
        yield f"{len(monitor.alerts)} alerts: the platform has none in a monitor; `goldlane monitor` reads its metric tables just as well"
    if by_ids and isinstance(monitor.profile, InferenceLog) and monitor.profile.prediction_proba is not None:
        yield f"prediction_proba {monitor.profile.prediction_proba!r}: data_quality has no such field; quality_monitors does"


def _client() -> WorkspaceClient:
    try:
        from databricks.sdk import WorkspaceClient
    except ImportError as missing:
        raise MissingExtraError("databricks", needed_for="monitors on Databricks") from missing
    from goldlane.features.online.databricks_errors import clear_errors

    with clear_errors("finding the workspace", MonitoringError):
        return WorkspaceClient()
