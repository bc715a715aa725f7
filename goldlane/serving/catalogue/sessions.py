"""A browser's session: a cookie that names a token and an hour, signed. The token itself never goes back to the browser."""

from __future__ import annotations

import base64
import hmac
import os
import secrets
import time

from goldlane.errors import UsageError

COOKIE = "goldlane_session"
LASTS_S = 12 * 3600
# Workers of one server must know each other's signatures; the first process makes the key and the others inherit it.
KEY_VARIABLE = "GOLDLANE_SESSION_KEY"
_LEAST = 32


def session_key() -> bytes:
    """The key of this server's signatures; a new one for every start unless the environment names one.

    Raises:
        UsageError: it names one that could be guessed.
    """
    key = os.environ.get(KEY_VARIABLE) or secrets.token_hex(32)
    if len(key) < _LEAST:
        raise UsageError(
            f"{KEY_VARIABLE} has {len(key)} characters; a key has {_LEAST} or more", hint="openssl rand -hex 32 makes one; or leave it out"
        )
    os.environ[KEY_VARIABLE] = key
    return key.encode()


def sealed(token_id: str, key: bytes, now: float | None = None) -> str:
    """The cookie for the holder of a token."""
    ends = int((time.time() if now is None else now) + LASTS_S)
    told = f"{token_id}.{ends}"
    return f"{told}.{_signature(told, key)}"


def opened(cookie: str, key: bytes, now: float | None = None) -> str | None:
    """The id of the token that the cookie was sealed for; None when it was not sealed by us, or is over."""
    told, _, signature = cookie.rpartition(".")
    if not hmac.compare_digest(signature.encode("utf-8", "surrogatepass"), _signature(told, key).encode()):
        return None
    token_id, _, ends = told.rpartition(".")
    return token_id if (time.time() if now is None else now) < int(ends) else None


def _signature(told: str, key: bytes) -> str:
    digest = hmac.digest(key, b"goldlane session\0" + told.encode("utf-8", "surrogatepass"), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
