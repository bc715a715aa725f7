"""HTTP/1.1 with patience that ends: for a head or a body that does not come, an answer that nobody reads, too many connections."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from goldlane.serving.limits import Limits
from goldlane.serving.refusals import RefusedRequestError

_TICK_S = 1.0
_UPGRADE = re.compile(rb"\r\nupgrade:", re.IGNORECASE)


class ServingConfig(Config):
    """uvicorn's configuration, which it hands to every connection, with our limits; it can be sent to another process."""

    def __init__(self, app: Any, limits: Limits, **options: Any) -> None:
        super().__init__(app, http=PatientProtocol, **options)
        self.limits = limits


class PatientProtocol(HttpToolsProtocol):
    """One connection. It looks at its clock once a second: a timer per request would cost as much as a lookup."""

    config: ServingConfig

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """See ``asyncio.Protocol``."""
        self.limits = self.config.limits
        self.reading_since: float | None = self.loop.time()
        self.stuck_since: float | None = None
        self.head_bytes, self.in_head = 0, True
        super().connection_made(transport)
        self.clock = self.loop.call_later(_TICK_S, self.lose_patience)
        if len(self.connections) > self.limits.connections:
            self.refuse(RefusedRequestError(429, "the server has too many connections; try again", closes=True))

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.Protocol``."""
        self.clock.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See ``asyncio.Protocol``."""
        if self.reading_since is None:
            self.reading_since, self.in_head, self.head_bytes = self.loop.time(), True, 0
        self.head_bytes += len(data)
        if self.in_head and b"pgrade" in data:
            data = _without_upgrade(data)
        super().data_received(data)
        if self.in_head and self.head_bytes > self.limits.head_bytes:
            self._refuse_head()

    def on_headers_complete(self) -> None:
        """See ``httptools``."""
        self.in_head = False
        if (
            self.head_bytes > self.limits.head_bytes
            and sum(len(name) + len(value) for name, value in self.headers) + len(self.url) > self.limits.head_bytes
        ):
            self._refuse_head()
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """See ``httptools``."""
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """See ``httptools``."""
        self.reading_since = None
        if not self.transport.is_closing() and self.cycle is not None:
            super().on_message_complete()

    def pause_writing(self) -> None:
        """See ``asyncio.Protocol``."""
        self.stuck_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """See ``asyncio.Protocol``."""
        self.stuck_since = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  uvicorn's words are for people, ours for programs
        """What httptools could not read."""
        self.refuse(RefusedRequestError(400, "this is not HTTP/1.1", code="MALFORMED_REQUEST", closes=True))

    def lose_patience(self) -> None:
        """End what takes too long, or look again in a second."""
        now = self.loop.time()
        self.clock = self.loop.call_later(_TICK_S, self.lose_patience)
        if self.stuck_since is not None and now - self.stuck_since > self.limits.write_s:
            self.transport.abort()
        elif self.reading_since is not None and now - self.reading_since > self.limits.read_s:
            self.refuse(RefusedRequestError(408, f"the request did not come within {self.limits.read_s:g} s", closes=True))

    def refuse(self, refused: RefusedRequestError) -> None:
        """Answer for the application, unless it has begun to, and hang up."""
        self.reading_since = None
        if self.transport.is_closing():
            return
        self.logger.warning("a connection was refused: %s", refused.message)
        if self.cycle is None or not self.cycle.response_started or self.cycle.response_complete:
            self.transport.write(_answer(refused))
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    def _refuse_head(self) -> None:
        told = f"the request's head is larger than {self.limits.head_bytes} bytes"
        self.refuse(RefusedRequestError(431, told, closes=True))


def _without_upgrade(data: bytes) -> bytes:
    """An offer of another protocol, as Java's client and ``curl --http2`` make, must not be seen: the parser would drop the body."""
    head, end, body = data.partition(b"\r\n\r\n")
    return _UPGRADE.sub(b"\r\nX-Upgrade:", head) + end + body


def _answer(refused: RefusedRequestError) -> bytes:
    head = [STATUS_LINE[refused.status], b"content-type: application/json\r\n", b"content-length: %d\r\n" % len(refused.body)]
    return b"".join([*head, *(b"%s: %s\r\n" % header for header in refused.headers), b"\r\n", refused.body])
