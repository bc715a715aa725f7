"""A workspace over HTTP, as far as feature tables need one: it holds every request to what the platform takes, and remembers it.

It knows tables of Unity Catalog, synced tables and their pipelines, a Lakebase instance and its credentials, and serving endpoints. It
imports nothing of Databricks: the real SDK talks to it.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

TOKEN = "a-token"  # noqa: S105  of a workspace that is none
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


@dataclass(slots=True)
class Workspace:
    """``tables``, ``instances`` and ``endpoints`` are what there is; ``calls`` are the requests so far, as (method, path, body).

    An endpoint is a function from records to outputs. ``states`` are those that a new synced table goes through, one for each look at it.
    """

    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    instances: dict[str, dict[str, Any]] = field(default_factory=dict)
    endpoints: dict[str, Callable[[list[dict[str, Any]]], list[Any]]] = field(default_factory=dict)
    states: list[str] = field(default_factory=lambda: ["SYNCED_TABLE_PROVISIONING", "SYNCED_TABLE_ONLINE_NO_PENDING_UPDATE"])
    update_states: list[str] = field(default_factory=lambda: ["RUNNING", "COMPLETED"])
    user: str = "somebody@example.org"
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    synced: dict[str, dict[str, Any]] = field(default_factory=dict)
    credentials: int = 0
    _looks: dict[str, int] = field(default_factory=dict)
    _server: ThreadingHTTPServer | None = None

    @property
    def host(self) -> str:
        """Where it listens."""
        if self._server is None:
            raise RuntimeError("the workspace is not started")
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Listen on a free port."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, name="workspace", daemon=True).start()

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Any) -> dict[str, Any]:
        """The document that a request gets; ``RefusedError`` where the platform would refuse it."""
        self.calls.append((method, path, body))
        for (wanted, pattern), route in _ROUTES.items():
            found = re.fullmatch(pattern, path)
            if wanted == method and found:
                return route(self, *found.groups(), **({"query": query} if method == "GET" else {"body": body}))
        raise RefusedError(404, "ENDPOINT_NOT_FOUND", f"no API for {method} {path}")

    def next_of(self, what: str, states: list[str]) -> str:
        """The state of this look at something; the last one stays."""
        number = self._looks.get(what, 0)
        self._looks[what] = number + 1
        return states[min(number, len(states) - 1)]


def _table(space: Workspace, name: str, *, query: Mapping[str, str]) -> dict[str, Any]:
    del query
    return {**_found(space.tables, name, f"Table '{name}' does not exist.")}


def _list_tables(space: Workspace, *, query: Mapping[str, str]) -> dict[str, Any]:
    schema = f"{query['catalog_name']}.{query['schema_name']}."
    return {"tables": [table for name, table in space.tables.items() if name.startswith(schema)]}


def _get_synced(space: Workspace, name: str, *, query: Mapping[str, str]) -> dict[str, Any]:
    del query
    found = _found(space.synced, name, f"Synced table {name} not found.")
    status = {**found["data_synchronization_status"], "detailed_state": space.next_of(name, space.states)}
    version = space.tables[found["spec"]["source_table_full_name"]].get("version", 0)
    if status["detailed_state"].startswith("SYNCED_TABLE_ONLINE"):
        status["last_sync"] = {"delta_table_sync_info": {"delta_commit_version": version}}
        status["provisioning_status"] = {"initial_pipeline_sync_progress": {"synced_row_count": 3}}
    return {**found, "data_synchronization_status": status}


def _create_synced(space: Workspace, *, body: Any) -> dict[str, Any]:
    _held_to(body, _SYNCED, "synced_table")
    _held_to(body["spec"], _SPEC, "spec")
    spec, parts = body["spec"], body["name"].split(".")
    if len(parts) != 3 or any(len(part.encode()) > 63 for part in parts):  # noqa: PLR2004  the platform's limits
        raise RefusedError(400, "INVALID_PARAMETER_VALUE", f"{body['name']} is no name of three parts of at most 63 bytes")
    if body["name"] in space.synced:
        raise RefusedError(409, "ALREADY_EXISTS", f"{body['name']} exists")
    source = _found(space.tables, spec["source_table_full_name"], "the source does not exist")
    _found(space.instances, body["database_instance_name"], "the instance does not exist")
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
    return {"name": name, **_found(space.instances, name, f"Database instance '{name}' not found.")}


def _credential(space: Workspace, *, body: Any) -> dict[str, Any]:
    _held_to(body, {"instance_names": list, "request_id": str}, "credential")
    for name in body["instance_names"]:
        _found(space.instances, name, f"Database instance '{name}' not found.")
    space.credentials += 1
    return {"token": f"token-{space.credentials}", "expiration_time": "2030-01-01T00:00:00Z"}


def _start_update(space: Workspace, pipeline: str, *, body: Any) -> dict[str, Any]:
    _held_to(body or {}, {}, "update")
    known = {found["data_synchronization_status"]["pipeline_id"] for found in space.synced.values()}
    if pipeline not in known:
        raise RefusedError(404, "RESOURCE_DOES_NOT_EXIST", f"no pipeline {pipeline}")
    return {"update_id": f"update-{len(space.calls)}"}


def _get_update(space: Workspace, pipeline: str, update: str, *, query: Mapping[str, str]) -> dict[str, Any]:
    del query
    return {"update": {"pipeline_id": pipeline, "update_id": update, "state": space.next_of(update, space.update_states)}}


def _invoke(space: Workspace, name: str, *, body: Any) -> dict[str, Any]:
    endpoint = _found(space.endpoints, name, f"The endpoint {name} does not exist")
    _held_to(body, {"dataframe_records": list}, "invocation")
    return {"outputs": endpoint(body["dataframe_records"])}


def _me(space: Workspace, *, query: Mapping[str, str]) -> dict[str, Any]:
    del query
    return {"userName": space.user}


_ROUTES: dict[tuple[str, str], Callable[..., dict[str, Any]]] = {
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


def _found(known: Mapping[str, Any], name: str, message: str) -> Any:
    if name not in known:
        raise RefusedError(404, "RESOURCE_DOES_NOT_EXIST", message)
    return known[name]


def _known(authorization: str | None) -> None:
    if authorization != f"Bearer {TOKEN}":
        raise RefusedError(401, "UNAUTHENTICATED", "who are you?")


def _held_to(body: Any, fields: Mapping[str, type], what: str) -> None:
    """The body has all of these fields, in their types, and no others."""
    wrong = [f"no field {name!r}" for name in fields if name not in body]
    wrong += [f"{name!r} is unknown" for name in body if name not in fields]
    wrong += [f"{name!r} is no {kind.__name__}" for name, kind in fields.items() if name in body and not isinstance(body[name], kind)]
    if wrong:
        raise RefusedError(400, "INVALID_PARAMETER_VALUE", f"{what}: {'; '.join(wrong)}")


def _handler(space: Workspace) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, *_: object) -> None:
            """Tests read ``calls``."""

        def _answer(self) -> None:
            split = urlsplit(self.path)
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "null")
            try:
                _known(self.headers.get("Authorization"))
                self._send(200, space.answer(self.command, unquote(split.path), dict(parse_qsl(split.query)), body))
            except RefusedError as refused:
                self._send(refused.status, {"error_code": refused.code, "message": refused.message})

        def _send(self, status: int, document: dict[str, Any]) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler
