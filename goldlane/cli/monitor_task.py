"""``goldlane-monitor``: the monitors of a project, refreshed by a job, here or in a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldlane.cli.application import declared_monitors
from goldlane.cli.job_options import CatalogOption, ProjectOption, SchemaOption, StorageOption, job_settings
from goldlane.cli.monitor import watch
from goldlane.cli.options import JsonOption
from goldlane.cli.output import print_json, progress, results
from goldlane.pipelines.names import DEFAULT_SCHEMA

if TYPE_CHECKING:
    from goldlane.monitoring import Monitor
    from goldlane.monitoring.databricks_refreshes import PlatformRefresh


def monitor_task(  # noqa: PLR0913  one parameter per option
    tables: Annotated[
        list[str] | None, typer.Argument(metavar="TABLE...", help="Watched tables; when none is named, all that are there.")
    ] = None,
    *,
    project: ProjectOption = "",
    catalog: CatalogOption = "",
    schema: SchemaOption = "",
    storage: StorageOption = "",
    as_json: JsonOption = False,
) -> int:
    """Bring the metric tables of watched tables up to date. Exit 1 when one could not be, or, on this machine, while an alert is open.

    In a workspace the platform's own monitors do the work; a watched table without one is told, and left out.
    """
    from goldlane.features.lakehouse import lakehouse

    where = lakehouse(catalog=catalog, schema=schema, storage=storage)
    monitors = [placed(each, where.schema) for each in declared_monitors(job_settings(project))]
    named = [_in_schema(name, where.schema) for name in tables or ()]
    if where.storage is not None:
        return watch(monitors, named, where.storage, as_json=as_json)
    found = named or [each.table for each in monitors]
    from goldlane.monitoring.databricks_refreshes import platform_refreshes

    progress().print(f"refreshing the workspace's monitors of {', '.join(found)}", markup=False)
    return told(list(platform_refreshes().refresh(found)), as_json=as_json)


def placed(monitor: Monitor, schema: str) -> Monitor:
    """The monitor of the same tables in ``schema``, ``name`` or ``catalog.name``; tables that say their schema stay where they are.

    The default schema is not said.
    """
    baseline = monitor.baseline if monitor.baseline is None else _in_schema(monitor.baseline, schema)
    return replace(monitor, table=_in_schema(monitor.table, schema), baseline=baseline)


def told(done: Sequence[PlatformRefresh], *, as_json: bool) -> int:
    """The exit code; what became of every table is printed."""
    if as_json:
        print_json({"tables": [_document(each) for each in done], "alerts": []})
    for each in done if not as_json else ():
        reason = f": {each.message}" if each.message else ""
        results().print(f"{each.table}: {each.state or 'has no monitor on the platform'}{reason}", markup=False)
    return 0 if all(each.is_good for each in done) else 1


def _document(refresh: PlatformRefresh) -> dict[str, Any]:
    # The platform tells no counts.
    return {"table": refresh.table, "profile_rows": None, "drift_rows": None, "state": refresh.state, "message": refresh.message}


def _in_schema(table: str, schema: str) -> str:
    # Alerts are known by their table's name, and ``goldlane monitor`` says no default schema: both tell of one alert once.
    return table if "." in table or schema == DEFAULT_SCHEMA else f"{schema}.{table}"
