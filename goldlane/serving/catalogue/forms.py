"""What a browser sends from a form."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from goldlane.serving.refusals import RefusedRequestError

if TYPE_CHECKING:
    from starlette.requests import Request

_KIND = "application/x-www-form-urlencoded"
_FIELDS = 200
_OWN = ("same-origin", "none")


async def form_of(request: Request) -> dict[str, str]:
    """The fields of the form; of one that is sent twice, the last.

    Raises:
        RefusedRequestError: the body is no form.
    """
    if request.headers.get("content-type", _KIND).partition(";")[0].strip().lower() != _KIND:
        raise RefusedRequestError(415, f"A form is sent as {_KIND}.")
    try:
        text = (await request.body()).decode("ascii")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_FIELDS, errors="strict"))
    except ValueError:
        raise RefusedRequestError(400, "What was sent is no form.") from None


def require_own_form(request: Request) -> None:
    """Refuse a form that a page of another site sent: browsers say so in a header that no page can forge, older ones name the origin.

    Raises:
        RefusedRequestError: it was.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    is_own = origin is None or origin.partition("://")[2] == request.headers.get("host") if site is None else site in _OWN
    if request.method == "POST" and not is_own:
        raise RefusedRequestError(403, "The form was sent by a page of another site.")
