"""``goldlane mcp``: features as tools of a model's client."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

from goldlane.cli.options import names, project
from goldlane.cli.stores import StoreOption, store_or_default
from goldlane.errors import UsageError

PORT = 8765


def mcp(  # noqa: PLR0913  one parameter per option
    *,
    store: StoreOption = None,
    http: Annotated[bool, typer.Option("--http", help="Streamable HTTP instead of stdin and stdout.")] = False,
    host: Annotated[str, typer.Option(help="With --http: the address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="With --http: the port; 0 takes a free one.", min=0, max=65535)] = PORT,
    allow_host: Annotated[list[str] | None, typer.Option(help="With --http: a name that clients may reach this server by.")] = None,
    tables: Annotated[list[str] | None, typer.Option(help="Only these tables, separated by commas.")] = None,
) -> None:
    """Two read-only tools for a model, describe_features and get_features, over the Model Context Protocol."""
    from goldlane.serving.agents.mcp_http import is_loopback
    from goldlane.serving.agents.mcp_server import feature_server
    from goldlane.serving.tools import FeatureTools

    if http and not is_loopback(host):
        raise UsageError(f"without tokens only this machine may ask, and {host} is open to others", hint="leave --host out")
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="goldlane mcp: %(message)s")
    opened = store_or_default(store, project())
    server = feature_server(FeatureTools(opened, names(tables)), threads=http)
    if http:
        from goldlane.serving.agents.mcp_http import mcp_app, serve_http

        serve_http(mcp_app(server, allow_host or ()), (host, port), _announce)
        opened.close()
    else:
        from goldlane.serving.agents.mcp_stdio import serve_stdio

        serve_stdio(server, opened.close)


def _announce(url: str) -> None:
    sys.stderr.write(f"goldlane mcp: listening on {url}\n")
    sys.stderr.flush()
