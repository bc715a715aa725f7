"""A request's body: JSON by its content type, and no larger than it may be."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from goldlane.serving.refusals import RefusedRequestError

if TYPE_CHECKING:
    from goldlane.serving.asgi import Receive

# A client that is answered before it has sent everything sees a broken connection instead of the answer.
_DRAINED_BYTES = 64 * 2**20


class ClientGoneError(Exception):
    """The client hung up before it was answered."""


async def body_of(receive: Receive, headers: Mapping[bytes, bytes], limit: int) -> bytes:
    """The whole body.

    Raises:
        RefusedRequestError: it says that it is no JSON (415), or is larger than ``limit`` (413).
        ClientGoneError: it never came.
    """
    refused = _refusal(headers, limit)
    if refused is not None and refused.closes:
        raise refused
    message = await receive()
    body = message.get("body", b"")
    if refused is None and not message.get("more_body") and message["type"] == "http.request" and len(body) <= limit:
        return body  # type: ignore[no-any-return]  # ASGI's messages have no types
    return await _rest(receive, message, limit, refused)


async def _rest(receive: Receive, message: MutableMapping[str, Any], limit: int, refused: RefusedRequestError | None) -> bytes:
    """The body from ``message`` on; one that is refused is read to its end all the same, where that end is near."""
    chunks: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            refused = refused or _too_large(limit)
        if refused is None:
            chunks.append(chunk)
        elif size > _DRAINED_BYTES:
            refused.closes = True
            raise refused
        if not message.get("more_body"):
            break
        message = await receive()
    if refused is not None:
        raise refused
    return b"".join(chunks)


def bounded(receive: Receive, headers: Mapping[bytes, bytes], limit: int) -> Receive:
    """``receive`` that refuses a body larger than ``limit``."""
    if _declared_bytes(headers) > limit:
        raise _too_large(limit, closes=True)
    size = 0

    async def receive_some() -> MutableMapping[str, Any]:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise _too_large(limit, closes=True)
        return message

    return receive_some


def _refusal(headers: Mapping[bytes, bytes], limit: int) -> RefusedRequestError | None:
    kind = headers.get(b"content-type", b"application/json")
    if kind != b"application/json" and kind.partition(b";")[0].strip().lower() != b"application/json":
        return RefusedRequestError(415, "the body must be JSON; send the header Content-Type: application/json")
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        return RefusedRequestError(415, "the body must not be compressed")
    size = _declared_bytes(headers)
    if size > limit:
        return _too_large(limit, closes=size > _DRAINED_BYTES)
    return None


def _declared_bytes(headers: Mapping[bytes, bytes]) -> int:
    length = headers.get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0


def _too_large(limit: int, *, closes: bool = False) -> RefusedRequestError:
    return RefusedRequestError(413, f"the body is larger than the {limit} bytes that one request may have", closes=closes)
