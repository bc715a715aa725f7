"""Whose browser it is: a token in a header, as for any client, or the session that signing in began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldlane.serving.catalogue.sessions import COOKIE, LASTS_S, opened, sealed, session_key

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from goldlane.serving.access import Access
    from goldlane.serving.tokens import Token


class Visitors:
    """Lets people in. Every look asks the tokens of now: a session ends with its token, however long it had to last."""

    def __init__(self, access: Access) -> None:
        self._access, self._key = access, session_key()

    def visitor(self, request: Request) -> Token:
        """Whose request it is.

        Raises:
            RefusedRequestError: nobody's (401), or asked for by a name that is not this server's (421).
        """
        authorization = request.headers.get("authorization")
        token_id = None if authorization or not self._access.knows_tokens else opened(request.cookies.get(COOKIE, ""), self._key)
        if token_id is not None:
            return self._access.holder(token_id)
        return self._access.token(*(None if text is None else text.encode("latin-1") for text in (authorization, _host(request))))

    def is_signed_in(self, request: Request) -> bool:
        """Whether there is a session to end."""
        return self._access.knows_tokens and COOKIE in request.cookies

    def sign_in(self, request: Request, text: str, response: Response) -> None:
        """Begin a session for the token ``text`` with ``response``; none where everybody is let in.

        Raises:
            RefusedRequestError: the token is not known, or has expired.
        """
        header = f"Bearer {text}".encode("utf-8", "surrogatepass")
        token = self._access.token(header, (_host(request) or "").encode("latin-1"))
        if not self._access.knows_tokens:
            return
        response.set_cookie(
            COOKIE,
            sealed(token.id, self._key),
            max_age=LASTS_S,
            path="/",
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )

    def sign_out(self, response: Response) -> None:
        """Have the browser forget its session."""
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


def _host(request: Request) -> str | None:
    return request.headers.get("host")
