"""What a request is refused with: a status, and the error the platform would answer with."""

from __future__ import annotations

import json
from collections.abc import Sequence

from goldlane.errors import GoldlaneError

_CODES = {
    400: "INVALID_PARAMETER_VALUE",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    405: "METHOD_NOT_ALLOWED",
    406: "NOT_ACCEPTABLE",
    408: "REQUEST_TIMEOUT",
    409: "RESOURCE_CONFLICT",
    413: "REQUEST_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    421: "MISDIRECTED_REQUEST",
    429: "REQUEST_LIMIT_EXCEEDED",
    431: "REQUEST_HEADERS_TOO_LARGE",
    500: "INTERNAL_ERROR",
    503: "TEMPORARILY_UNAVAILABLE",
}


class RefusedRequestError(Exception):
    """Ends a request with ``status`` and a body in the platform's shape. ``message`` holds no value of a key or a feature.

    ``mistakes`` are appended to the message. After ``closes`` the connection is given up.
    """

    def __init__(self, status: int, message: str, *, code: str | None = None, mistakes: Sequence[str] = (), closes: bool = False) -> None:
        told = f"{message}: {'; '.join(mistakes)}" if mistakes else message
        super().__init__(told)
        self.status, self.message, self.closes = status, told, closes
        self.code = code or _CODES.get(status, "BAD_REQUEST")

    @property
    def body(self) -> bytes:
        """``{"error_code": ..., "message": ...}``."""
        told = {"error_code": self.code, "message": self.message}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """What the client should do next, where HTTP has a header for it."""
        headers = [(b"connection", b"close")] if self.closes else []
        if self.status in (429, 503):
            headers.append((b"retry-after", b"1"))
        if self.status == 401:  # noqa: PLR2004  the status that must say how to log in
            headers += [
                (b"www-authenticate", b'Bearer realm="goldlane"'),
                (b"www-authenticate", b'Basic realm="goldlane", charset="UTF-8"'),
            ]
        return headers


def store_unreadable() -> RefusedRequestError:
    """503. Why it cannot be read is for the log."""
    return RefusedRequestError(503, "the store cannot be read now; try again")


def failure(error: Exception) -> RefusedRequestError:
    """What is told of an error that nobody refused: the store's (503), else a defect of ours (500) without its story."""
    if isinstance(error, GoldlaneError):
        return store_unreadable()
    return RefusedRequestError(500, "the server failed; its log tells more under this request's id", closes=True)


def no_such_endpoint(name: str) -> RefusedRequestError:
    """404. The name is repeated only where it could be one."""
    told = f"endpoint {name!r}" if name.isidentifier() and len(name) <= 128 else "such endpoint"  # noqa: PLR2004  longer than any name
    return RefusedRequestError(404, f"there is no {told}; GET /api/2.0/serving-endpoints lists them")
