"""``/health``: the process answers. ``/ready``: the store does, too. ``/metrics``: for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from goldlane.errors import GoldlaneError
from goldlane.serving.asgi import TOKEN
from goldlane.serving.metrics import CONTENT_TYPE
from goldlane.serving.refusals import RefusedRequestError, store_unreadable
from goldlane.serving.tokens import COUNTERS, EVERYTHING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from goldlane.serving.state import Serving


def routes(serving: Serving) -> Iterator[BaseRoute]:
    """``/health`` and ``/ready`` need no token, ``/metrics`` one for all tables or for itself."""

    async def health(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> JSONResponse:
        try:
            await serving.read(serving.endpoints.refresh)
        except GoldlaneError as error:
            serving.log.warning("store", error=type(error).__name__, message=error.message)
            raise store_unreadable() from error
        return JSONResponse({"status": "ready", "endpoints": len(serving.endpoints.all())})

    async def metrics(request: Request) -> Response:
        if not request.scope[TOKEN].allows(COUNTERS):
            raise RefusedRequestError(403, f"the counters name every table; they are for tokens of the scope {COUNTERS} or {EVERYTHING}")
        return Response(serving.metrics.page(serving.endpoints.all()), media_type=CONTENT_TYPE)

    yield Route("/health", health, methods=["GET"])
    yield Route("/ready", ready, methods=["GET"])
    yield Route("/metrics", metrics, methods=["GET"])
