"""``goldlane mcp``: features as tools of a model's client."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldlane.cli.options import names, project
from goldlane.cli.stores import StoreOption
from goldlane.errors import UsageError

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server


def mcp(  # noqa: PLR0913  one parameter per option
    *,
    store: StoreOption = None,
    http: Annotated[bool, typer.Option("--http", help="Streamable HTTP instead of stdin and stdout.")] = False,
    host: Annotated[str, typer.Option(help="With --http: the address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="With --http: the port to listen at; 0 takes a free one.", min=0, max=65535)] = 8765,
    tokens: Annotated[
        Path | None, typer.Option(help="With --http: the file of tokens that are let in; goldlane token create makes it.")
    ] = None,
    allow_host: Annotated[list[str] | None, typer.Option(help="With --http: a name that clients may reach this server by.")] = None,
    tables: Annotated[list[str] | None, typer.Option(help="Only these tables, separated by commas.")] = None,
    answers: Annotated[Path | None, typer.Option(help="Log a sample of the answers in this folder, for goldlane replay.")] = None,
) -> None:
    """Two read-only tools for a model, describe_features and get_features, over the Model Context Protocol."""
    from goldlane.features.online import open_store
    from goldlane.serving.access import is_loopback
    from goldlane.serving.agents.mcp_server import feature_server
    from goldlane.serving.tools import FeatureTools

    if not http and (tokens or allow_host):
        raise UsageError("without --http nobody is asked for a token and no name is checked", hint="--tokens and --allow-host need --http")
    if http and tokens is None and not is_loopback(host):
        raise UsageError(
            f"without tokens only this machine may ask, and {host} is open to others", hint="--tokens FILE, or leave --host out"
        )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="goldlane mcp: %(message)s")
    settings = project()
    url = store or settings.store
    opened = open_store(url, folder=Path.cwd() if store else settings.root, answers=answers)
    server = feature_server(FeatureTools(opened, names(tables)), inline=url.startswith("sqlite:"))
    if http:
        _serve(server, (host, port), tokens, [host, *(allow_host or ())])
        opened.close()
    else:
        from goldlane.serving.agents.mcp_stdio import serve_stdio

        serve_stdio(server, opened.close)


def _serve(server: Server[Any], address: tuple[str, int], tokens: Path | None, hosts: Sequence[str]) -> None:
    from goldlane.serving.server import in_url, listen, require_serving

    require_serving()
    from goldlane.serving.agents.mcp_http import PATH, mcp_app, serve_http
    from goldlane.serving.agents.mcp_tokens import TokenGate

    app = mcp_app(server, hosts)
    with listen(*address) as listening:
        url = f"http://{in_url(address[0])}:{listening.getsockname()[1]}{PATH}"
        serve_http(app if tokens is None else TokenGate(app, tokens), listening, lambda: _say(f"listening at {url}"))


def _say(line: str) -> None:
    sys.stderr.write(f"goldlane mcp: {line}\n")
    sys.stderr.flush()
