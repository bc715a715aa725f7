"""Runs the application: one process, or several on one socket, until SIGTERM; then requests that were begun are finished."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from goldlane.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    import uvicorn

    from goldlane.serving.gate import Gate
    from goldlane.serving.limits import Limits
    from goldlane.serving.protocol import ServingConfig
    from goldlane.serving.service import Service

_BACKLOG = 2048
_ENDING = (signal.SIGTERM, signal.SIGINT)
_COUNTERS = "PROMETHEUS_MULTIPROC_DIR"  # prometheus-client's own name; it is read at its import


def serve(service: Service, listening: socket.socket, *, workers: int = 1, ready: Callable[[], None] = lambda: None) -> None:
    """Answer on ``listening`` until SIGINT or SIGTERM; ``ready`` is called once nothing is known to be in the way.

    Raises:
        GoldlaneError: the store or the token file cannot be read.
    """
    with _signals_restored(), _counters_of_several() if workers > 1 else nullcontext():
        import uvicorn
        from uvicorn.supervisors import Multiprocess

        application = service()  # what is wrong is said once, and not by every worker
        if workers > 1:
            several = Multiprocess(configuration(service, service.limits, workers=workers, factory=True), sockets=[listening])
            ready()
            several.run()
        else:
            one = uvicorn.Server(configuration(application, service.limits))
            stopped_by_signals(one)
            ready()
            one.run(sockets=[listening])


def configuration(application: Gate | Service, limits: Limits, **options: Any) -> ServingConfig:
    """How uvicorn runs the application; a caller who runs a loop of their own hands them to ``uvicorn.Server``."""
    from goldlane.serving.protocol import ServingConfig

    return ServingConfig(
        application,
        limits,
        loop="uvloop" if _has_uvloop() else "asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_keep_alive=round(limits.idle_s),
        timeout_graceful_shutdown=round(limits.stop_s),
        **options,
    )


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections from now on.

    Raises:
        UsageError: the address cannot be had.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        told = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"the server cannot listen at {host}:{port}: {told}", hint="choose another --host or --port") from error
    listening.set_inheritable(True)
    return listening


def in_url(host: str) -> str:
    """The host as it stands in a URL: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def require_serving() -> None:
    """Refuse early, and name the extra.

    Raises:
        MissingExtraError: a package that serving needs is not installed.
    """
    try:
        import httptools  # noqa: F401  asked for its presence
        import orjson  # noqa: F401  asked for its presence
        import prometheus_client  # noqa: F401  asked for its presence
        import starlette  # noqa: F401  asked for its presence
        import structlog  # noqa: F401  asked for its presence
        import uvicorn  # noqa: F401  asked for its presence
    except ImportError as missing:
        raise MissingExtraError("serve", needed_for="serving over HTTP") from missing


def stopped_by_signals(server: uvicorn.Server) -> None:
    """Before uvicorn has handlers of its own, and when it raises the signal that stopped it once more, a signal ends the server, too."""

    def stop(*_: object) -> None:
        server.should_exit = True

    for each in _ENDING:
        signal.signal(each, stop)


@contextmanager
def _signals_restored() -> Iterator[None]:
    before = {each: signal.getsignal(each) for each in _ENDING}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def _counters_of_several() -> Iterator[None]:
    """A folder for the counters of all workers; prometheus-client wants to know it before it is imported."""
    with tempfile.TemporaryDirectory(prefix="goldlane-counters-") as folder:
        os.environ[_COUNTERS] = folder
        try:
            yield
        finally:
            del os.environ[_COUNTERS]


def _has_uvloop() -> bool:
    try:
        import uvloop  # noqa: F401  asked for its presence
    except ImportError:
        return False
    return True
