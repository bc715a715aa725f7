"""``/openapi.json``: what the server takes and answers, with a schema for every endpoint that the token may read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse
from starlette.routing import Route

from goldlane.serving.asgi import TOKEN
from goldlane.serving.openapi import document

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from goldlane.serving.state import Serving


def routes(serving: Serving) -> Iterator[BaseRoute]:
    """One document, made anew for each request: the store may have grown."""

    async def openapi(request: Request) -> JSONResponse:
        await serving.read(serving.endpoints.refresh)
        return JSONResponse(document(serving.endpoints.readable_by(request.scope[TOKEN]), serving.limits))

    yield Route("/openapi.json", openapi, methods=["GET"])
