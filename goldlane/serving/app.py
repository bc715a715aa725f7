"""The application: a gate for everything, invocations behind it at once, all other routes through Starlette.

Another module adds routes by a function ``part(serving: Serving) -> Part | None`` and its name in ``goldlane.serving.parts.MODULES``:
the catalogue of pages is mounted at ``/``, MCP at ``/mcp``. Both are tried after the routes of this package, in that order, so a
catch-all at ``/`` comes last. Requests to them have passed the gate: token, body limit, request id, counters, log.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response

from goldlane.serving import health_routes, openapi_routes, platform_routes
from goldlane.serving.gate import Gate
from goldlane.serving.parts import Part, parts
from goldlane.serving.refusals import RefusedRequestError, failure
from goldlane.serving.watch import watching

if TYPE_CHECKING:
    from starlette.requests import Request

    from goldlane.serving.state import Serving

_METHOD_NOT_ALLOWED = 405


def make_app(serving: Serving, *, refresh_tokens: Callable[[], object] | None = None) -> Gate:
    """The ASGI application of ``serving``. ``refresh_tokens`` is called once a second while it runs."""
    added = tuple(parts(serving))
    own = (route for module in (platform_routes, health_routes, openapi_routes) for route in module.routes(serving))
    routes = [*own, *(route for part in added for route in part.routes)]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as running:
            await running.enter_async_context(watching(serving, refresh_tokens))
            for lifespan_of_part in _lifespans(added):
                await running.enter_async_context(lifespan_of_part())
            # What is there now stays: looking through it again for garbage took a tenth of the time of a request.
            gc.collect()
            gc.freeze()
            yield
        serving.store.close()

    handlers = {HTTPException: _http_error, RefusedRequestError: _refused, Exception: _failed}
    opens = [part.opens for part in added if part.opens is not None]
    return Gate(serving, Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers), opens)  # type: ignore[arg-type]  # Starlette types every handler's error as Exception


def _lifespans(added: tuple[Part, ...]) -> list[Callable[[], AbstractAsyncContextManager[object]]]:
    return [part.lifespan for part in added if part.lifespan is not None]


async def _refused(_: Request, error: RefusedRequestError) -> Response:
    response = Response(error.body, error.status, media_type="application/json")
    response.raw_headers.extend(error.headers)
    return response


async def _failed(request: Request, error: Exception) -> Response:
    """Starlette raises the error once more afterwards; the gate tells it to the log."""
    return await _refused(request, failure(error))


async def _http_error(request: Request, error: HTTPException) -> Response:
    """What Starlette refuses by itself: an unknown path, a wrong method."""
    if error.status_code == _METHOD_NOT_ALLOWED:
        told = RefusedRequestError(405, "this path does not take this method")
    elif error.status_code == 404:  # noqa: PLR2004  the status
        told = RefusedRequestError(404, "there is nothing at this path; GET /openapi.json lists what is", code="ENDPOINT_NOT_FOUND")
    else:
        told = RefusedRequestError(error.status_code, str(error.detail))
    response = await _refused(request, told)
    response.headers.update(error.headers or {})
    return response
