"""The door of the MCP server: who asks, and which tables that token may read."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import UsageError
from goldlane.serving.access import TokenAccess
from goldlane.serving.asgi import TOKEN
from goldlane.serving.refusals import RefusedRequestError
from goldlane.serving.token_files import TokenFile
from goldlane.serving.tokens import EVERYTHING

if TYPE_CHECKING:
    from goldlane.serving.asgi import App, Receive, Scope, Send
    from goldlane.serving.tokens import Token


class TokenGate:
    """An ASGI application that lets nobody through to ``app`` without a token of ``file``; one that was revoked is refused at once."""

    def __init__(self, app: App, file: Path) -> None:
        self._app, self._file = app, TokenFile(file)
        self._access = TokenAccess(self._file)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http":
            try:
                scope[TOKEN] = self._token(dict(scope["headers"]).get(b"authorization"))
            except RefusedRequestError as refused:
                headers = [(b"content-type", b"application/json"), *refused.headers]
                await send({"type": "http.response.start", "status": refused.status, "headers": headers})
                await send({"type": "http.response.body", "body": refused.body})
                return
        await self._app(scope, receive, send)

    def _token(self, authorization: bytes | None) -> Token:
        try:
            self._file.refresh()
        except UsageError as error:
            raise RefusedRequestError(503, "the tokens cannot be read now; nobody is let in") from error
        return self._access.token(authorization, None)


def tables_of(scope: Scope) -> Collection[str] | None:
    """The names that the request's token may read; None, for all of them, where no token is asked for."""
    token: Token | None = scope.get(TOKEN)
    return None if token is None or EVERYTHING in token.scopes else token.scopes
