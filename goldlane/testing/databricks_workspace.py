"""A workspace over HTTP, as far as feature tables need one: it holds every request to what the platform takes, and remembers it.

It knows tables and schemas of Unity Catalog, synced tables and their pipelines, a Lakebase instance and its credentials, serving endpoints,
and monitors of data quality by both of their APIs. It imports nothing of Databricks: the real SDK talks to it.
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

from goldlane.testing.databricks_feature_routes import FEATURE_ROUTES
from goldlane.testing.databricks_monitor_routes import MONITOR_ROUTES
from goldlane.testing.databricks_routes import ROUTES, RefusedError

TOKEN = "a-token"  # noqa: S105  of a workspace that is none


@dataclass(slots=True)
class Workspace:
    """``tables``, ``instances`` and ``endpoints`` are what there is; ``calls`` are the requests so far, as (method, path, body).

    ``online_stores`` are those of the feature store's API. ``queries`` are what stood behind the question mark of each call. ``schemas``
    are ids by ``catalog.schema``. An endpoint is a function from records to outputs. ``states`` are those that a new synced table goes
    through, one for each look at it, and ``monitor_states`` those of a monitor. ``password`` is that of the instances; without one, each
    credential is another.
    """

    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    schemas: dict[str, str] = field(default_factory=dict)
    instances: dict[str, dict[str, Any]] = field(default_factory=dict)
    online_stores: dict[str, dict[str, Any]] = field(default_factory=dict)
    endpoints: dict[str, Callable[[list[dict[str, Any]]], list[Any]]] = field(default_factory=dict)
    states: list[str] = field(default_factory=lambda: ["SYNCED_TABLE_PROVISIONING", "SYNCED_TABLE_ONLINE_NO_PENDING_UPDATE"])
    update_states: list[str] = field(default_factory=lambda: ["RUNNING", "COMPLETED"])
    monitor_states: list[str] = field(default_factory=lambda: ["PENDING", "ACTIVE"])
    user: str = "somebody@example.org"
    password: str | None = None
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    synced: dict[str, dict[str, Any]] = field(default_factory=dict)
    monitors: dict[str, dict[str, Any]] = field(default_factory=dict)
    credentials: int = 0
    looks: dict[str, int] = field(default_factory=dict)
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
        threading.Thread(target=self._server.serve_forever, args=(0.02,), name="workspace", daemon=True).start()

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Any) -> dict[str, Any]:
        """The document that a request gets; ``RefusedError`` where the platform would refuse it."""
        self.calls.append((method, path, body))
        self.queries.append(dict(query))
        told = {"GET": {"query": query}, "DELETE": {}, "PATCH": {"query": query, "body": body}}.get(method, {"body": body})
        for (wanted, pattern), route in {**ROUTES, **MONITOR_ROUTES, **FEATURE_ROUTES}.items():
            found = re.fullmatch(pattern, path)
            if wanted == method and found:
                return route(self, *found.groups(), **told)
        raise RefusedError(404, "ENDPOINT_NOT_FOUND", f"no API for {method} {path}")

    def next_of(self, what: str, states: list[str]) -> str:
        """The state of this look at something; the last one stays."""
        number = self.looks.get(what, 0)
        self.looks[what] = number + 1
        return states[min(number, len(states) - 1)]


def _known(authorization: str | None) -> None:
    if authorization != f"Bearer {TOKEN}":
        raise RefusedError(401, "UNAUTHENTICATED", "who are you?")


def _handler(space: Workspace) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body are two writes: the second would wait 40 ms for the first one to be acknowledged.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_PUT(self) -> None:
            self._answer()

        def do_PATCH(self) -> None:
            self._answer()

        def do_DELETE(self) -> None:
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
