"""Who may ask what: a bearer token's scopes, or everybody on this machine."""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Protocol

from goldlane.serving.refusals import RefusedRequestError
from goldlane.serving.tokens import EVERYTHING, Token, matching

ANYBODY = Token(id="", name="anybody", salt="", sha256="", scopes=frozenset([EVERYTHING]), created_at=datetime.now(timezone.utc))
_REMEMBERED = 1_024


class Access(Protocol):
    """Decides from a request's headers who asks."""

    knows_tokens: bool  # whether there is a token that a browser's session could be begun with

    def token(self, authorization: bytes | None, host: bytes | None) -> Token:
        """Whose request it is; ``RefusedRequestError`` (401, 403) when nobody's."""
        ...

    def holder(self, token_id: str) -> Token:
        """The token that a browser's session was begun with; ``RefusedRequestError`` (401) when it is no more."""
        ...


class TokenHolder(Protocol):
    """Something that knows the tokens of now."""

    tokens: Mapping[str, Token]


class TokenAccess:
    """``Authorization: Bearer <token>``, or Basic with the token as password, which is how a browser asks for it."""

    knows_tokens = True

    def __init__(self, file: TokenHolder) -> None:
        self._file = file
        self._tokens, self._matched = file.tokens, dict[bytes, Token]()

    def token(self, authorization: bytes | None, host: bytes | None) -> Token:  # noqa: ARG002  see Access
        """See ``Access``."""
        if authorization is None:
            raise RefusedRequestError(401, "no token was sent; send the header Authorization: Bearer <token>")
        if self._file.tokens is not self._tokens:
            self._tokens, self._matched = self._file.tokens, {}
        token = self._matched.get(authorization) or self._match(authorization)
        return self._valid(token) if token is None or token.expires_at is not None else token

    def _match(self, authorization: bytes) -> Token | None:
        """Hashing takes as long as the lookup; who was let in once is known by the header until the file changes."""
        token = matching(self._tokens, _credentials(authorization))
        if token is not None and len(self._matched) < _REMEMBERED:
            self._matched[authorization] = token
        return token

    def holder(self, token_id: str) -> Token:
        """See ``Access``."""
        return self._valid(self._file.tokens.get(token_id))

    def _valid(self, token: Token | None) -> Token:
        if token is None:
            raise RefusedRequestError(401, "the token is not known here, or was revoked")
        if token.expires_at is not None and token.expires_at <= datetime.now(timezone.utc):
            raise RefusedRequestError(401, "the token has expired; goldlane token create makes a new one")
        return token


class LocalAccess:
    """Everybody, as long as the server was asked for by a name of this machine: a web page that had its own name point here is not."""

    knows_tokens = False

    def token(self, authorization: bytes | None, host: bytes | None) -> Token:  # noqa: ARG002  see Access
        """See ``Access``."""
        if host is None or is_loopback(_hostname(host)):
            return ANYBODY
        raise RefusedRequestError(421, "an insecure server answers to localhost, 127.0.0.1 and [::1] only")

    def holder(self, token_id: str) -> Token:  # noqa: ARG002  see Access
        """See ``Access``; here no session is ever begun."""
        raise RefusedRequestError(401, "this server knows no tokens")


def is_loopback(host: str) -> bool:
    """Whether a host, by name or address, is this machine and no other can reach it."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _hostname(host: bytes) -> str:
    text = host.decode("latin-1")
    return text[1:].partition("]")[0] if text.startswith("[") else text.partition(":")[0]


def _credentials(authorization: bytes) -> str:
    scheme, _, rest = authorization.decode("latin-1").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).decode("utf-8").partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""
