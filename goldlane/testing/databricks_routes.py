"""What the stub workspace answers to each request, and what it refuses as the platform does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goldlane.testing.databricks_workspace import Workspace

_SPEC = {
    "source_table_full_name": str,
    "primary_key_columns": list,
    "timeseries_key": str,
    "scheduling_policy": str,
    "create_database_objects_if_missing": bool,
    "new_pipeline_spec": dict,
}
_SYNCED = {"name": str, "database_instance_name": str, "logical_database_name": str, "spec": dict}


class RefusedError(Exception):
    """What the workspace does not take: a status, its word for it, and why."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def _table(space: Workspace, name: str, *, query: Mapping[str, str]) -> dict[str, Any]:
    del query
    return {**existing(space.tables, name, f"Table '{name}' does not exist.")}


def _list_tables(space: Workspace, *, query: Mapping[str, str]) -> dict[str, Any]:
    schema = f"{query['catalog_name']}.{query['schema_name']}."
    return {"tables": [table for name, table in space.tables.items() if name.startswith(schema)]}


def _get_synced(space: Workspace, name: str, *, query: Mapping[str, str]) -> dict[str, Any]:
    del query
    found = existing(space.synced, name, f"Synced table {name} not found.")
    status = {**found["data_synchronization_status"], "detailed_state": space.next_of(name, space.states)}
    version = space.tables[found["spec"]["source_table_full_name"]].get("version", 0)
    if status["detailed_state"].startswith("SYNCED_TABLE_ONLINE"):
        status["last_sync"] = {"delta_table_sync_info": {"delta_commit_version": version}}
        status["provisioning_status"] = {"initial_pipeline_sync_progress": {"synced_row_count": 3}}
    return {**found, "data_synchronization_status": status}


def _create_synced(space: Workspace, *, body: Any) -> dict[str, Any]:
    held_to(body, _SYNCED, "synced_table")
    held_to(body["spec"], _SPEC, "spec")
    spec, parts = body["spec"], body["name"].split(".")
    if len(parts) != 3 or any(len(part.encode()) > 63 for part in parts):  # noqa: PLR2004  the platform's limits
        raise RefusedError(400, "INVALID_PARAMETER_VALUE", f"{body['name']} is no name of three parts of at most 63 bytes")
    if body["name"] in space.synced:
        raise RefusedError(409, "ALREADY_EXISTS", f"{body['name']} exists")
    source = existing(space.tables, spec["source_table_full_name"], "the source does not exist")
    existing(space.instances, body["database_instance_name"], "the instance does not exist")
    if spec["scheduling_policy"] not in ("SNAPSHOT", "TRIGGERED", "CONTINUOUS"):
        raise RefusedError(400, "INVALID_PARAMETER_VALUE", f"no scheduling policy {spec['scheduling_policy']}")
    if spec["scheduling_policy"] != "SNAPSHOT" and source.get("properties", {}).get("delta.enableChangeDataFeed") != "true":
        raise RefusedError(400, "INVALID_PARAMETER_VALUE", "the source has no change data feed")
    missing = {*spec["primary_key_columns"], spec["timeseries_key"]} - {column["name"] for column in source["columns"]}
    if missing:
        raise RefusedError(400, "INVALID_PARAMETER_VALUE", f"the source has no columns {sorted(missing)}")
    space.synced[body["name"]] = {**body, "data_synchronization_status": {"pipeline_id": f"pipeline-of-{parts[2]}"}}
    return space.synced[body["name"]]


def _instance(space: Workspace, name: str, *, query: Mapping[str, str]) -> dict[str, Any]:
    del query
    return {"name": name, **existing(space.instances, name, f"Database instance '{name}' not found.")}


def _credential(space: Workspace, *, body: Any) -> dict[str, Any]:
    held_to(body, {"instance_names": list, "request_id": str}, "credential")
    for name in body["instance_names"]:
        existing(space.instances, name, f"Database instance '{name}' not found.")
    space.credentials += 1
    return {"token": space.password or f"token-{space.credentials}", "expiration_time": "2030-01-01T00:00:00Z"}


def _start_update(space: Workspace, pipeline: str, *, body: Any) -> dict[str, Any]:
    held_to(body or {}, {}, "update")
    known = {found["data_synchronization_status"]["pipeline_id"] for found in space.synced.values()}
    if pipeline not in known:
        raise RefusedError(404, "RESOURCE_DOES_NOT_EXIST", f"no pipeline {pipeline}")
    return {"update_id": f"update-{len(space.calls)}"}


def _get_update(space: Workspace, pipeline: str, update: str, *, query: Mapping[str, str]) -> dict[str, Any]:
    del query
    return {"update": {"pipeline_id": pipeline, "update_id": update, "state": space.next_of(update, space.update_states)}}


def _invoke(space: Workspace, name: str, *, body: Any) -> dict[str, Any]:
    endpoint = existing(space.endpoints, name, f"The endpoint {name} does not exist")
    held_to(body, {"dataframe_records": list}, "invocation")
    return {"outputs": endpoint(body["dataframe_records"])}


def _me(space: Workspace, *, query: Mapping[str, str]) -> dict[str, Any]:
    del query
    return {"userName": space.user}


ROUTES: dict[tuple[str, str], Callable[..., dict[str, Any]]] = {
    ("GET", "/api/2.1/unity-catalog/tables"): _list_tables,
    ("GET", "/api/2.1/unity-catalog/tables/([^/]+)"): _table,
    ("POST", "/api/2.0/database/synced_tables"): _create_synced,
    ("GET", "/api/2.0/database/synced_tables/([^/]+)"): _get_synced,
    ("GET", "/api/2.0/database/instances/([^/]+)"): _instance,
    ("POST", "/api/2.0/database/credentials"): _credential,
    ("POST", "/api/2.0/pipelines/([^/]+)/updates"): _start_update,
    ("GET", "/api/2.0/pipelines/([^/]+)/updates/([^/]+)"): _get_update,
    ("POST", "/serving-endpoints/([^/]+)/invocations"): _invoke,
    ("GET", "/api/2.0/preview/scim/v2/Me"): _me,
}


def existing(known: Mapping[str, Any], name: str, message: str) -> Any:
    """What there is by that name; a refusal where there is nothing."""
    if name not in known:
        raise RefusedError(404, "RESOURCE_DOES_NOT_EXIST", message)
    return known[name]


def held_to(body: Any, fields: Mapping[str, type], what: str, optional: Mapping[str, type] = MappingProxyType({})) -> None:
    """The body has all of these fields, in their types, and no others but the optional ones."""
    known = {**optional, **fields}
    wrong = [f"no field {name!r}" for name in fields if name not in body]
    wrong += [f"{name!r} is unknown" for name in body if name not in known]
    wrong += [f"{name!r} is no {kind.__name__}" for name, kind in known.items() if name in body and not isinstance(body[name], kind)]
    if wrong:
        raise RefusedError(400, "INVALID_PARAMETER_VALUE", f"{what}: {'; '.join(wrong)}")
