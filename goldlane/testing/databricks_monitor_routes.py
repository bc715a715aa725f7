"""What the stub workspace answers about monitors: the data quality API, which asks by ids, and the older one, which asks by names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from goldlane.testing.databricks_monitor_specs import PROFILING, QUALITY, Spec, checked
from goldlane.testing.databricks_routes import RefusedError, existing, held_to

if TYPE_CHECKING:
    from goldlane.testing.databricks_workspace import Workspace

_NEVER_UPDATED = ("assets_dir", "skip_builtin_dashboard", "warehouse_id")


def _schema(space: Workspace, name: str, *, query: Mapping[str, str]) -> dict[str, Any]:
    del query
    catalog, schema = name.split(".", 1)
    return {"full_name": name, "catalog_name": catalog, "name": schema, "schema_id": existing(space.schemas, name, f"no schema {name}")}


def _create_profiling(space: Workspace, *, body: Any) -> dict[str, Any]:
    held_to(body, {"object_type": str, "object_id": str, "data_profiling_config": dict}, "monitor")
    if body["object_type"] != "table":
        raise RefusedError(400, "INVALID_PARAMETER_VALUE", f"data profiling is of a table, not of a {body['object_type']}")
    config = body["data_profiling_config"]
    _check_profiling(space, config)
    _new(space, _named(space, body["object_id"]), PROFILING, config)
    return _told_profiling(space, body["object_id"])


def _get_profiling(space: Workspace, object_id: str, *, query: Mapping[str, str]) -> dict[str, Any]:
    del query
    return _told_profiling(space, object_id)


def _update_profiling(space: Workspace, object_id: str, *, query: Mapping[str, str], body: Any) -> dict[str, Any]:
    paths = [path for path in query.get("update_mask", "").split(",") if path]
    wrong = [path for path in paths if not path.startswith("data_profiling_config.")]
    if wrong or not paths:
        raise RefusedError(400, "INVALID_PARAMETER_VALUE", f"the update mask {query.get('update_mask')!r} names no fields of the monitor")
    stored = _stored(space, _named(space, object_id), PROFILING)
    told = {path.split(".", 1)[1]: body["data_profiling_config"].get(path.split(".", 1)[1]) for path in paths}
    merged = {name: value for name, value in {**stored, **told}.items() if value is not None}
    _check_profiling(space, merged)
    space.monitors[_named(space, object_id)] = {"api": PROFILING, "config": merged}
    return _told_profiling(space, object_id)


def _delete_profiling(space: Workspace, object_id: str) -> dict[str, Any]:
    _stored(space, _named(space, object_id), PROFILING)
    del space.monitors[_named(space, object_id)]
    return {}


def _create_quality(space: Workspace, table: str, *, body: Any) -> dict[str, Any]:
    existing(space.tables, table, f"Table '{table}' does not exist.")
    checked(body, QUALITY, {"assets_dir": str, "output_schema_name": str}, {})
    existing(space.schemas, body["output_schema_name"], f"no schema {body['output_schema_name']}")
    _new(space, table, QUALITY, body)
    return _told_quality(space, table)


def _get_quality(space: Workspace, table: str, *, query: Mapping[str, str]) -> dict[str, Any]:
    del query
    return _told_quality(space, table)


def _update_quality(space: Workspace, table: str, *, body: Any) -> dict[str, Any]:
    stored = _stored(space, table, QUALITY)
    wrong = [name for name in _NEVER_UPDATED if name in body]
    if wrong:
        raise RefusedError(400, "INVALID_PARAMETER_VALUE", f"{wrong} cannot be updated")
    checked(body, QUALITY, {"output_schema_name": str}, {"dashboard_id": str})
    space.monitors[table] = {"api": QUALITY, "config": {"assets_dir": stored["assets_dir"], **body}}
    return _told_quality(space, table)


def _delete_quality(space: Workspace, table: str) -> dict[str, Any]:
    _stored(space, table, QUALITY)
    del space.monitors[table]
    return {}


MONITOR_ROUTES: dict[tuple[str, str], Callable[..., dict[str, Any]]] = {
    ("GET", "/api/2.1/unity-catalog/schemas/([^/]+)"): _schema,
    ("POST", "/api/data-quality/v1/monitors"): _create_profiling,
    ("GET", "/api/data-quality/v1/monitors/table/([^/]+)"): _get_profiling,
    ("PATCH", "/api/data-quality/v1/monitors/table/([^/]+)"): _update_profiling,
    ("DELETE", "/api/data-quality/v1/monitors/table/([^/]+)"): _delete_profiling,
    ("POST", "/api/2.1/unity-catalog/tables/([^/]+)/monitor"): _create_quality,
    ("GET", "/api/2.1/unity-catalog/tables/([^/]+)/monitor"): _get_quality,
    ("PUT", "/api/2.1/unity-catalog/tables/([^/]+)/monitor"): _update_quality,
    ("DELETE", "/api/2.1/unity-catalog/tables/([^/]+)/monitor"): _delete_quality,
}


def _check_profiling(space: Workspace, config: Mapping[str, Any]) -> None:
    checked(config, PROFILING, {"output_schema_id": str}, {})
    if config["output_schema_id"] not in space.schemas.values():
        raise RefusedError(404, "RESOURCE_DOES_NOT_EXIST", f"no schema with the id {config['output_schema_id']}")


def _new(space: Workspace, table: str, api: Spec, config: Mapping[str, Any]) -> None:
    if table in space.monitors:
        raise RefusedError(409, "ALREADY_EXISTS", f"the table {table} has a monitor")
    space.monitors[table] = {"api": api, "config": dict(config)}


def _stored(space: Workspace, table: str, api: Spec) -> dict[str, Any]:
    if space.monitors.get(table, {}).get("api") is not api:
        raise RefusedError(404, "RESOURCE_DOES_NOT_EXIST", f"Cannot find Monitor of {table}")
    config: dict[str, Any] = space.monitors[table]["config"]
    return config


def _named(space: Workspace, table_id: str) -> str:
    names = {str(table.get("table_id")): name for name, table in space.tables.items()}
    return str(existing(names, table_id, f"no table with the id {table_id}"))


def _metric_tables(space: Workspace, table: str, schema: str) -> dict[str, Any]:
    name = table.rsplit(".", 1)[1]
    metrics = {f"{kind}_metrics_table_name": f"{schema}.{name}_{kind}_metrics" for kind in ("profile", "drift")}
    failed = space.monitor_states[-1] in ("ERROR", "FAILED")
    return {**metrics, "monitor_version": 0, **({"failure": "the table has no column at"} if failed else {})}


def _told_profiling(space: Workspace, table_id: str) -> dict[str, Any]:
    table = _named(space, table_id)
    stored = _stored(space, table, PROFILING)
    (schema,) = (name for name, schema_id in space.schemas.items() if schema_id == stored["output_schema_id"])
    told = _metric_tables(space, table, schema)
    message = {"latest_monitor_failure_message": told.pop("failure")} if "failure" in told else {}
    state = f"DATA_PROFILING_STATUS_{space.next_of(f'monitor {table}', space.monitor_states)}"
    config = {**stored, **told, **message, "status": state, "monitored_table_name": table}
    return {"object_type": "table", "object_id": table_id, "data_profiling_config": config}


def _told_quality(space: Workspace, table: str) -> dict[str, Any]:
    stored = _stored(space, table, QUALITY)
    told = _metric_tables(space, table, stored["output_schema_name"])
    message = {"latest_monitor_failure_msg": told.pop("failure")} if "failure" in told else {}
    state = f"MONITOR_STATUS_{space.next_of(f'monitor {table}', space.monitor_states)}"
    return {**stored, **told, **message, "status": state, "table_name": table}
