"""``/api/2.0/serving-endpoints``: the endpoints as the platform describes its own, so that its SDK reads them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

from goldlane.serving.asgi import TOKEN
from goldlane.serving.refusals import RefusedRequestError, no_such_endpoint

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from goldlane.serving.endpoints import Endpoint
    from goldlane.serving.state import Serving


def routes(serving: Serving) -> Iterator[BaseRoute]:
    """The list, and one endpoint. A token sees what it may read."""

    async def list_endpoints(request: Request) -> JSONResponse:
        await serving.read(serving.endpoints.refresh)
        seen = serving.endpoints.readable_by(request.scope[TOKEN])
        return JSONResponse({"endpoints": [description(each) for each in seen]})

    async def get_endpoint(request: Request) -> JSONResponse:
        name = request.path_params["name"]
        await serving.read(serving.endpoints.refresh)
        endpoint = serving.endpoints.get(name)
        if not request.scope[TOKEN].allows(name, () if endpoint is None else endpoint.table_names):
            raise RefusedRequestError(403, "the token may not read this endpoint; its scopes do not name it")
        if endpoint is None:
            raise no_such_endpoint(name)
        return JSONResponse(description(endpoint))

    yield Route("/serving-endpoints/{name}/invocations", _OnlyPost())
    yield Route("/api/2.0/serving-endpoints", list_endpoints, methods=["GET"])
    yield Route("/api/2.0/serving-endpoints/{name}", get_endpoint, methods=["GET"])


class _OnlyPost:
    """Invocations, which are sent by POST and never get here: the gate answers them."""

    async def __call__(self, *_: object) -> None:
        raise HTTPException(405, headers={"Allow": "POST"})


def description(endpoint: Endpoint) -> dict[str, Any]:
    """An endpoint in the platform's words; ``served_entities`` are its tables with the version that each equals."""
    published = [publication.published_at for publication in endpoint.publications if publication.published_at is not None]
    return {
        "name": endpoint.name,
        "id": endpoint.name,
        "creator": "goldlane",
        "description": endpoint.description,
        "creation_timestamp": _milliseconds(min(published, default=None)),
        "last_updated_timestamp": _milliseconds(max(published, default=None)),
        "state": {"ready": "NOT_READY" if endpoint.mistakes else "READY", "config_update": "NOT_UPDATING"},
        "config": {
            "served_entities": [
                {
                    "name": publication.table.name,
                    "entity_name": publication.table.name,
                    "entity_version": "" if publication.version is None else str(publication.version),
                    "creation_timestamp": _milliseconds(publication.published_at),
                    "state": {"deployment": "DEPLOYMENT_READY", "deployment_state_message": ""},
                }
                for publication in endpoint.publications
            ]
        },
    }


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)
