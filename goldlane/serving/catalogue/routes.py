"""The catalogue's addresses, and what is shown at each."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from starlette.responses import Response
from starlette.routing import Route

from goldlane.errors import GoldlaneError
from goldlane.serving.catalogue.door import door_routes, to_door
from goldlane.serving.catalogue.examples import examples
from goldlane.serving.catalogue.forms import form_of, require_own_form
from goldlane.serving.catalogue.lookups import Lookup, looked_up
from goldlane.serving.catalogue.rendering import Site, page, rendered, static_file
from goldlane.serving.catalogue.searching import LONGEST, found_features, found_tables
from goldlane.serving.catalogue.shelves import shelf
from goldlane.serving.catalogue.visitors import Visitors
from goldlane.serving.refusals import RefusedRequestError

if TYPE_CHECKING:
    from starlette.requests import Request

    from goldlane.serving.state import Serving
    from goldlane.serving.tokens import Token

Result = TypeVar("Result")
_Show = Callable[["Request", "Token"], Awaitable[Response]]
_HOST = re.compile(r"[A-Za-z0-9.:_\[\]-]{1,255}")
_OK, _BAD, _UNAUTHORIZED, _NOT_FOUND, _UNAVAILABLE = 200, 400, 401, 404, 503


_OPEN = frozenset(("/", "/features", "/sign-in", "/sign-out"))
_OPEN_FOLDERS = ("/tables/", "/sets/", "/static/")


def is_page(path: str) -> bool:
    """Whether the path is one of the catalogue's."""
    return path in _OPEN or path.startswith(_OPEN_FOLDERS)


def routes(serving: Serving) -> Iterator[Route]:
    """The pages of ``serving``'s store. They see to it themselves who looks at them."""
    pages = _Pages(serving)
    yield Route("/", pages.guarded(pages.tables))
    yield Route("/features", pages.guarded(pages.features))
    yield Route("/tables/{name}", pages.guarded(pages.endpoint), methods=["GET", "POST"])
    yield Route("/sets/{name}", pages.guarded(pages.endpoint), methods=["GET", "POST"])
    yield from door_routes(pages.visitors)
    yield Route("/static/{name}", _static)


class _Pages:
    def __init__(self, serving: Serving) -> None:
        self._serving, self.visitors = serving, Visitors(serving.access)

    def guarded(self, show: _Show) -> Callable[[Request], Awaitable[Response]]:
        """``show`` for those who may look; the others are asked to sign in."""

        async def handle(request: Request) -> Response:
            try:
                require_own_form(request)
                return await show(request, self.visitors.visitor(request))
            except RefusedRequestError as refused:
                return to_door(request) if refused.status == _UNAUTHORIZED else self._problem(request, refused)
            except GoldlaneError as error:
                self._serving.log.error("store", error=type(error).__name__, message=error.message)  # noqa: TRY400  a busy store has no story to tell
                return self._problem(request, RefusedRequestError(_UNAVAILABLE, "The store cannot be read now. Try again in a moment."))

        return handle

    async def tables(self, request: Request, token: Token) -> Response:
        """Every table, or those in which words are found."""

        def text() -> str:
            found, query = shelf(self._serving.endpoints, token), _query(request)
            views, total = found.views, len(found.views)
            counts = {"total": total, "feature_count": sum(len(view.table.features) for view in views)}
            shown = found_tables(views, query) if query else views
            return rendered("tables.html", self._site(request, here="tables", query=query), views=shown, sets=found.sets, **counts)

        return page(request, await self._aside(text))

    async def features(self, request: Request, token: Token) -> Response:
        """Every feature, or those in which words are found."""

        def text() -> str:
            views, query = shelf(self._serving.endpoints, token).views, _query(request)
            total = sum(len(view.table.features) for view in views)
            found = found_features(views, query)
            return rendered("features.html", self._site(request, here="features", query=query), found=found, total=total)

        return page(request, await self._aside(text))

    async def endpoint(self, request: Request, token: Token) -> Response:
        """One table or one set; asked by a form, with the answer for its key."""
        is_set, asked = request.url.path.startswith("/sets/"), request.method == "POST"
        form = await form_of(request) if asked else {}

        def text() -> tuple[str, int]:
            found = shelf(self._serving.endpoints, token)
            endpoint = found.find(request.path_params["name"], is_set=is_set)
            if endpoint is None:
                raise RefusedRequestError(_NOT_FOUND, f"There is no such {'set' if is_set else 'table'}, or the token may not read it.")
            lookup = looked_up(self._serving.store, endpoint, form) if asked else Lookup()
            facts = {"endpoint": endpoint, "lookup": lookup, "examples": examples(endpoint, _address(request))}
            views = found.views_of(endpoint)
            shown = {"views": views, "visible": {each.name for each in found.tables}} if is_set else {"view": views[0]}
            body = rendered("set.html" if is_set else "table.html", self._site(request), **facts, **shown)
            return body, _BAD if lookup.mistakes else _OK

        body, status = await self._aside(text)
        return page(request, body, status, is_kept=not asked)

    def _problem(self, request: Request, refused: RefusedRequestError) -> Response:
        return page(request, rendered("problem.html", self._site(request), problem=refused), refused.status, is_kept=False)

    def _site(self, request: Request, here: str = "", query: str = "") -> Site:
        return Site(here=here, query=query, signed_in=self.visitors.is_signed_in(request))

    async def _aside(self, make: Callable[[], Result]) -> Result:
        """What a thread makes: a page takes milliseconds, for which invocations must not wait."""
        return await asyncio.get_running_loop().run_in_executor(self._serving.threads, make)


async def _static(request: Request) -> Response:
    return static_file(request.path_params["name"]) or Response("", _NOT_FOUND)


def _query(request: Request) -> str:
    return request.query_params.get("q", "")[:LONGEST].strip()


def _address(request: Request) -> str:
    """The server as the visitor calls it; what could be no host's name is not repeated."""
    host = request.headers.get("host", "")
    return f"{request.url.scheme}://{host}" if _HOST.fullmatch(host) else "http://127.0.0.1:8080"
