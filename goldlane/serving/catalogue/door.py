"""Where people sign in and out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from goldlane.serving.catalogue.forms import form_of, require_own_form
from goldlane.serving.catalogue.rendering import Site, page, rendered
from goldlane.serving.refusals import RefusedRequestError

if TYPE_CHECKING:
    from starlette.requests import Request

    from goldlane.serving.catalogue.visitors import Visitors

_OK, _SEE_OTHER, _UNAUTHORIZED = 200, 303, 401
# What browsers take for another site: //elsewhere, /\\elsewhere, and either with blanks in it.
_INSIDE = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def door_routes(visitors: Visitors) -> Iterator[Route]:
    """The pages that let ``visitors`` in and out."""

    async def sign_in(request: Request) -> Response:
        if request.method != "POST":
            return _asking(request, request.query_params.get("next", "/"))
        target = "/"
        try:
            require_own_form(request)
            form = await form_of(request)
            target = form.get("next", "/")
            response = _sent_to(_inside(target))
            visitors.sign_in(request, form.get("token", "").strip(), response)
        except RefusedRequestError as refused:
            return _asking(request, target, refused)
        return response

    async def sign_out(request: Request) -> Response:
        response = _sent_to("/sign-in")
        try:
            require_own_form(request)
        except RefusedRequestError:
            return response
        visitors.sign_out(response)
        return response

    yield Route("/sign-in", sign_in, methods=["GET", "POST"])
    yield Route("/sign-out", sign_out, methods=["POST"])


def to_door(request: Request) -> Response:
    """To the sign-in page, and afterwards back to what was asked for."""
    return _sent_to(f"/sign-in?next={quote(request.url.path, safe='/')}")


def _asking(request: Request, target: str, refused: RefusedRequestError | None = None) -> Response:
    problem = None if refused is None else f"{refused.message[:1].upper()}{refused.message[1:].removesuffix('.')}."
    text = rendered("sign_in.html", Site(), next=_inside(target), problem=problem)
    response = page(request, text, refused.status if refused else _OK, is_kept=False)
    if refused is not None and refused.status == _UNAUTHORIZED:
        response.headers["www-authenticate"] = 'Bearer realm="goldlane"'
    return response


def _sent_to(path: str) -> Response:
    return RedirectResponse(path, _SEE_OTHER, {"cache-control": "no-store"})


def _inside(target: str) -> str:
    """A path of this server, whatever was asked for."""
    return target if _INSIDE.fullmatch(target) else "/"
