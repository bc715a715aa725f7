"""The platform's two APIs for monitors behind one shape: data quality, which asks by ids, and quality monitors, which asks by names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from goldlane.errors import UsageError
from goldlane.features.online.databricks_errors import clear_errors
from goldlane.features.online.databricks_tables import find_table
from goldlane.monitoring.databricks_names import Names
from goldlane.monitoring.databricks_profiling import UPDATABLE, profiled_monitor, profiling_config
from goldlane.monitoring.databricks_quality import quality_arguments, quality_monitor
from goldlane.monitoring.errors import MonitoringError
from goldlane.monitoring.monitors import Monitor

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.catalog import MonitorInfo
    from databricks.sdk.service.dataquality import DataProfilingConfig

_TABLE = "table"
_BY_NAMES = "the older API asks by names: api='quality_monitors'"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformMonitor:
    """A monitor as the platform has it. ``status`` is ACTIVE, PENDING, ERROR, FAILED or DELETE_PENDING; ``failure`` its last message."""

    monitor: Monitor
    status: str
    profile_table: str | None = None
    drift_table: str | None = None
    dashboard_id: str | None = None
    version: int | None = None
    failure: str | None = None


class MonitorApi(Protocol):
    """One of the two. ``find`` is None where the table has no monitor; tables are named as monitors name them."""

    def create(self, monitor: Monitor) -> None:
        """Ask for the monitor; it is not active yet."""

    def update(self, monitor: Monitor) -> None:
        """Ask for the monitor that is there to become this one."""

    def delete(self, table: str) -> None:
        """Take the monitor away; its metric tables and its dashboard stay."""

    def find(self, table: str) -> PlatformMonitor | None:
        """The monitor as it is now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataQuality:
    """``w.data_quality``: the newer one, which has no column of probabilities."""

    client: WorkspaceClient
    names: Names
    assets_dir: str | None = None

    def create(self, monitor: Monitor) -> None:
        """See ``MonitorApi``."""
        from databricks.sdk.service import dataquality as api

        wanted = api.Monitor(object_type=_TABLE, object_id=self._id(monitor.table), data_profiling_config=self._config(monitor))
        with clear_errors(f"creating the monitor of {monitor.table}", MonitoringError):
            self.client.data_quality.create_monitor(wanted)

    def update(self, monitor: Monitor) -> None:
        """Tells only what differs; nothing where nothing does."""
        from databricks.sdk.service import dataquality as api

        table_id, wanted = self._id(monitor.table), self._config(monitor)
        with clear_errors(f"updating the monitor of {monitor.table}", MonitoringError):
            has = self.client.data_quality.get_monitor(_TABLE, table_id).data_profiling_config or wanted
            changed = [name for name in UPDATABLE if _plain(wanted, name) != _plain(has, name)]
            if changed:
                told = api.Monitor(object_type=_TABLE, object_id=table_id, data_profiling_config=wanted)
                mask = ",".join(f"data_profiling_config.{name}" for name in changed)
                self.client.data_quality.update_monitor(_TABLE, table_id, told, mask)

    def delete(self, table: str) -> None:
        """See ``MonitorApi``."""
        table_id = self._id(table)
        with clear_errors(f"deleting the monitor of {table}", MonitoringError):
            self.client.data_quality.delete_monitor(_TABLE, table_id)

    def find(self, table: str) -> PlatformMonitor | None:
        """See ``MonitorApi``."""
        from databricks.sdk.errors import NotFound

        table_id = self._id(table)
        with clear_errors(f"looking the monitor of {table} up", MonitoringError):
            try:
                found = self.client.data_quality.get_monitor(_TABLE, table_id).data_profiling_config
            except NotFound:
                return None
        return None if found is None else self._told(found, table)

    def _told(self, found: DataProfilingConfig, table: str) -> PlatformMonitor:
        return PlatformMonitor(
            monitor=profiled_monitor(found, table=table, baseline=self.names.ours(found.baseline_table_name)),
            status="PENDING" if found.status is None else found.status.value.removeprefix("DATA_PROFILING_STATUS_"),
            profile_table=found.profile_metrics_table_name,
            drift_table=found.drift_metrics_table_name,
            dashboard_id=found.dashboard_id,
            version=found.monitor_version,
            failure=found.latest_monitor_failure_message,
        )

    def _config(self, monitor: Monitor) -> DataProfilingConfig:
        schema = self.names.output_schema(monitor.table)
        baseline = self.names.full(monitor.baseline)
        return profiling_config(monitor, schema_id=self._schema_id(schema), baseline=baseline, assets_dir=self.assets_dir)

    def _id(self, table: str) -> str:
        full = self.names.full(table)
        found = find_table(self.client, full).table_id
        if not found:
            raise MonitoringError(f"Unity Catalog tells no table_id of {full}", hint=_BY_NAMES)
        return found

    def _schema_id(self, schema: str) -> str:
        from databricks.sdk.errors import NotFound

        with clear_errors(f"looking {schema} up", MonitoringError):
            try:
                found = self.client.schemas.get(schema).schema_id
            except NotFound as missing:
                raise UsageError(f"there is no schema {schema} for the metric tables", hint=f"CREATE SCHEMA {schema}") from missing
        if not found:
            raise MonitoringError(f"Unity Catalog tells no schema_id of {schema}", hint=_BY_NAMES)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityMonitors:
    """``w.quality_monitors``: the older one, which the platform calls deprecated; it must be told where its dashboard's files go."""

    client: WorkspaceClient
    names: Names
    assets_dir: str | None = None

    def create(self, monitor: Monitor) -> None:
        """See ``MonitorApi``."""
        table = self.names.full(monitor.table)
        find_table(self.client, table)
        with clear_errors(f"creating the monitor of {monitor.table}", MonitoringError):
            self.client.quality_monitors.create(table, assets_dir=self._assets_dir(table), **self._arguments(monitor))

    def update(self, monitor: Monitor) -> None:
        """Tells everything: what is left out, the platform takes away."""
        with clear_errors(f"updating the monitor of {monitor.table}", MonitoringError):
            self.client.quality_monitors.update(self.names.full(monitor.table), **self._arguments(monitor))

    def delete(self, table: str) -> None:
        """See ``MonitorApi``."""
        with clear_errors(f"deleting the monitor of {table}", MonitoringError):
            self.client.quality_monitors.delete(self.names.full(table))

    def find(self, table: str) -> PlatformMonitor | None:
        """See ``MonitorApi``."""
        from databricks.sdk.errors import NotFound

        with clear_errors(f"looking the monitor of {table} up", MonitoringError):
            try:
                return self._told(self.client.quality_monitors.get(self.names.full(table)), table)
            except NotFound:
                return None

    def _told(self, found: MonitorInfo, table: str) -> PlatformMonitor:
        return PlatformMonitor(
            monitor=quality_monitor(found, table=table, baseline=self.names.ours(found.baseline_table_name)),
            status=found.status.value.removeprefix("MONITOR_STATUS_"),
            profile_table=found.profile_metrics_table_name,
            drift_table=found.drift_metrics_table_name,
            dashboard_id=found.dashboard_id,
            version=found.monitor_version,
            failure=found.latest_monitor_failure_msg,
        )

    def _arguments(self, monitor: Monitor) -> dict[str, Any]:
        schema = self.names.output_schema(monitor.table)
        return quality_arguments(monitor, output_schema=schema, baseline=self.names.full(monitor.baseline))

    def _assets_dir(self, table: str) -> str:
        return self.assets_dir or f"/Workspace/Users/{self.client.current_user.me().user_name}/goldlane_monitors/{table}"


def _plain(config: DataProfilingConfig, name: str) -> object:
    """A field as the platform is told it, without what only the platform can say: whether a schedule is paused."""
    told = config.as_dict().get(name) or None
    if name == "schedule" and isinstance(told, dict):
        return {part: value for part, value in told.items() if part != "pause_status"}
    # A snapshot has no fields: it is there, or it is not.
    return getattr(config, name) is not None if name == "snapshot" else told
