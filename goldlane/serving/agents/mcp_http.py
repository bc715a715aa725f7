"""The MCP server over streamable HTTP: a POST per call, no sessions, so that any worker may answer any call."""

from __future__ import annotations

import ipaddress
import signal
import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from goldlane.errors import UsageError

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from starlette.applications import Starlette

PATH = "/mcp"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_MAX_BODY = 64 * 1024
_CONNECTIONS = 512
_STOP_S = 5


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


def serve_http(app: Any, address: tuple[str, int], ready: Callable[[str], None]) -> None:
    """Until SIGTERM or SIGINT comes; ``ready`` is given the URL once connections are taken. Port 0 takes a free one.

    Raises:
        UsageError: the address cannot be listened on.
    """
    import uvicorn

    listening = _listening(*address)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, ws="none", limit_concurrency=_CONNECTIONS, timeout_graceful_shutdown=_STOP_S
    )
    server = uvicorn.Server(config)

    def stop(*_: object) -> None:
        server.should_exit = True

    # Before uvicorn has its own handler, and when it raises the signal that stopped it once more.
    signal.signal(signal.SIGTERM, stop)
    ready(f"http://{in_url(address[0])}:{listening.getsockname()[1]}{PATH}")
    server.run(sockets=[listening])


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def in_url(host: str) -> str:
    """The host as it stands in a URL: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=_CONNECTIONS)
    except (OSError, OverflowError) as refused:
        raise UsageError(f"cannot listen on {in_url(host)}:{port}: {refused}", hint="name another --host or --port") from refused
