"""``goldlane serve``: the store over HTTP, in the platform's wire format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from goldlane.cli.options import project
from goldlane.cli.output import progress
from goldlane.cli.stores import StoreOption
from goldlane.errors import UsageError


def serve(  # noqa: PLR0913  one parameter per option
    *,
    store: StoreOption = None,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen at; 0 takes a free one.", min=0, max=65535)] = 8080,
    tokens: Annotated[Path | None, typer.Option(help="The file of tokens that are let in; goldlane token create makes it.")] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Let everybody on this machine in; needs a loopback address.")] = False,
    answers: Annotated[Path | None, typer.Option(help="Log a sample of the answers in this folder, for goldlane replay.")] = None,
    sample: Annotated[float, typer.Option(help="The share of the keys that --answers logs.", min=0.0, max=1.0)] = 0.01,
    workers: Annotated[int, typer.Option(help="Processes that share the port.", min=1, max=256)] = 1,
    max_records: Annotated[int, typer.Option(help="Records that one request may hold.", min=1)] = 1_000,
    max_body: Annotated[int, typer.Option(help="Bytes that one request's body may have.", min=1)] = 1_048_576,
    max_in_flight: Annotated[int, typer.Option(help="Requests that a worker takes on at once; more are told to come back.", min=1)] = 256,
    read_timeout: Annotated[float, typer.Option(help="Seconds within which a request must have come.", min=0.1)] = 10.0,
    log_requests: Annotated[bool, typer.Option("--log-requests", help="Log every request, and not only those that are refused.")] = False,
) -> None:
    """Serve every feature table and feature set of the store over HTTP.

    Clients are curl, the platform's SDK, or anything that speaks JSON. SIGTERM and Ctrl-C finish the requests that were begun.
    """
    from goldlane.serving.server import in_url, listen, require_serving
    from goldlane.serving.server import serve as run

    require_serving()
    from goldlane.serving.access import is_loopback
    from goldlane.serving.limits import Limits
    from goldlane.serving.service import Service

    settings = project()
    if insecure and not is_loopback(host):
        raise UsageError(
            f"--insecure lets everybody in, and {host} can be reached from elsewhere", hint="--tokens FILE, or --host 127.0.0.1"
        )
    service = Service(
        store=store or settings.store,
        folder=Path.cwd() if store else settings.root,
        tokens=tokens,
        insecure=insecure,
        limits=Limits(records=max_records, body_bytes=max_body, requests_in_flight=max_in_flight, read_s=read_timeout),
        log_requests=log_requests,
        answers=answers,
        sample=sample,
    )
    with listen(host, port) as listening:
        told = f"serving {_shown(service.store)} at http://{in_url(host)}:{listening.getsockname()[1]}"
        run(service, listening, workers=workers, ready=lambda: progress().print(told, markup=False))


def _shown(url: str) -> str:
    """The store's URL as it may be printed; only PostgreSQL's hold a password."""
    if not url.startswith(("postgresql://", "postgres://")):
        return url
    from goldlane.features.online.postgres_place import read_place

    return read_place(url).label
