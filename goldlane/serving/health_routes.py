"""``/health``: the process answers. ``/ready``: the store does, too. ``/metrics``: for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from goldlane.errors import GoldlaneError
from goldlane.serving.metrics import CONTENT_TYPE
from goldlane.serving.refusals import RefusedRequestError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from goldlane.serving.state import Serving


def routes(serving: Serving) -> Iterator[BaseRoute]:
    """``/health`` and ``/ready`` need no token."""

    async def health(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> JSONResponse:
        try:
            await serving.read(serving.endpoints.refresh)
        except GoldlaneError as error:
            serving.log.warning("store", error=type(error).__name__, message=error.message)
            raise RefusedRequestError(503, "the store cannot be read") from error
        return JSONResponse({"status": "ready", "endpoints": len(serving.endpoints.all())})

    async def metrics(_: Request) -> Response:
        return Response(serving.metrics.page(serving.endpoints.all()), media_type=CONTENT_TYPE)

    yield Route("/health", health, methods=["GET"])
    yield Route("/ready", ready, methods=["GET"])
    yield Route("/metrics", metrics, methods=["GET"])
