"""The MCP server over streamable HTTP: a POST per call, no sessions, so that any worker may answer any call."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from goldlane.serving.server import configuration, in_url, stopped_by_signals

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from starlette.applications import Starlette

    from goldlane.serving.asgi import App

PATH = "/mcp"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_MAX_BODY = 64 * 1024


def mcp_app(server: Server[Any], names: Sequence[str] = ()) -> Starlette:
    """The ASGI application. Only requests that name the loopback or one of ``names`` as their host are answered.

    A page in a browser could otherwise have its own name point here and read features with the visitor's access (DNS rebinding).
    """
    from mcp.server.transport_security import TransportSecuritySettings

    hosts = [*_LOOPBACK, *map(in_url, names)]
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=[spelled for host in hosts for spelled in (host, f"{host}:*")],
        allowed_origins=[f"{scheme}://{spelled}" for host in hosts for scheme in ("http", "https") for spelled in (host, f"{host}:*")],
    )
    return server.streamable_http_app(
        streamable_http_path=PATH, json_response=True, stateless_http=True, max_request_body_size=_MAX_BODY, transport_security=security
    )


def serve_http(app: App, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Answer on ``listening`` until SIGTERM or SIGINT; ``ready`` is called as soon as one of them would end it cleanly."""
    import uvicorn

    from goldlane.serving.limits import Limits

    server = uvicorn.Server(configuration(app, Limits()))  # type: ignore[arg-type]  # any ASGI application

    stopped_by_signals(server)
    ready()
    server.run(sockets=[listening])
