"""The door of the server: who asks, how much at once, what it is called; invocations at once, all else through Starlette."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Callable, MutableMapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

from goldlane.errors import GoldlaneError
from goldlane.serving.asgi import TOKEN
from goldlane.serving.bodies import ClientGoneError, body_of, bounded
from goldlane.serving.logs import place_of
from goldlane.serving.outputs import outputs
from goldlane.serving.records import records_of
from goldlane.serving.refusals import RefusedRequestError, failure, no_such_endpoint

if TYPE_CHECKING:
    from goldlane.serving.asgi import App, Receive, Scope, Send
    from goldlane.serving.state import Serving

_BEFORE, _AFTER = "/serving-endpoints/", "/invocations"
_OPEN = frozenset(("/health", "/ready"))
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
_JSON = (b"content-type", b"application/json")
_FAILED = 500
_REFUSED = 400


class Gate:
    """An ASGI application. ``scope[TOKEN]`` tells the routes behind it who asks."""

    def __init__(self, serving: Serving, rest: App, opens: Sequence[Callable[[str], bool]] = ()) -> None:
        self._serving, self._rest, self._opens = serving, rest, tuple(opens)
        self._in_flight = 0
        self._numbers = itertools.count()
        self._process = secrets.token_hex(6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
            return
        started = perf_counter()
        headers = dict(scope["headers"])
        request = _Request(scope, headers, self._id(headers.get(b"x-request-id")))
        self._in_flight += 1
        try:
            await self._answer(request, receive, send)
        except ClientGoneError:
            request.status = 499
        except RefusedRequestError as refused:
            await request.send(send, refused.status, refused.body, refused.headers)
        except Exception as error:  # noqa: BLE001  the process's edge: a defect of ours is a 500 without its story
            await self._failed(request, send, error)
        finally:
            self._in_flight -= 1
            self._tell(request, perf_counter() - started)

    async def _answer(self, request: _Request, receive: Receive, send: Send) -> None:
        serving, scope = self._serving, request.scope
        path: str = scope["path"]
        if path in _OPEN:
            await self._rest(scope, receive, request.recorded(send))
            return
        if self._in_flight > serving.limits.requests_in_flight:
            raise RefusedRequestError(429, "the server is busy; try again", closes=True)
        is_invocation = scope["method"] == "POST" and path.startswith(_BEFORE) and path.endswith(_AFTER)
        if not is_invocation and any(opens(path) for opens in self._opens):
            await self._behind(request, receive, send)
            return
        scope[TOKEN] = serving.access.token(request.headers.get(b"authorization"), request.headers.get(b"host"))
        await (self._invoked if is_invocation else self._behind)(request, receive, send)

    async def _invoked(self, request: _Request, receive: Receive, send: Send) -> None:
        serving, name = self._serving, request.scope["path"][len(_BEFORE) : -len(_AFTER)]
        endpoint = serving.endpoints.known(name) or await serving.read(lambda: serving.endpoints.get(name))
        if not request.scope[TOKEN].allows(name, () if endpoint is None else endpoint.table_names):
            raise RefusedRequestError(403, "the token may not read this endpoint; its scopes do not name it")
        if endpoint is None:
            raise no_such_endpoint(name)
        request.endpoint = name
        body = await body_of(receive, request.headers, serving.limits.body_bytes)
        records = records_of(body, serving.limits.records)
        request.records = len(records)
        if serving.reads_inline:
            answer = outputs(serving.store, serving.endpoints, endpoint, records)
        else:
            answer = await serving.read(lambda: outputs(serving.store, serving.endpoints, endpoint, records))
        await request.send(send, 200, answer)

    async def _behind(self, request: _Request, receive: Receive, send: Send) -> None:
        """The routes behind the gate; what they read is bounded."""
        await self._rest(request.scope, bounded(receive, request.headers, self._serving.limits.body_bytes), request.recorded(send))

    async def _failed(self, request: _Request, send: Send, error: Exception) -> None:
        """Tell the log; and the client, unless Starlette has: it answers what fails in a route, then raises it once more."""
        if isinstance(error, GoldlaneError):
            self._serving.log.error("store", request_id=request.id, error=type(error).__name__, message=error.message)
        else:
            self._serving.log.error("defect", request_id=request.id, error=type(error).__name__, place=place_of(error))
        if not request.status:
            refused = failure(error)
            await request.send(send, refused.status, refused.body, refused.headers)

    def _tell(self, request: _Request, seconds: float) -> None:
        serving = self._serving
        serving.metrics.observe(request.endpoint, request.status, seconds, request.records)
        if serving.log_requests or request.status >= _REFUSED:
            level = serving.log.error if request.status >= _FAILED else serving.log.info
            facts = {"endpoint": request.endpoint, "records": request.records, "ms": round(seconds * 1000, 3)}
            level("request", request_id=request.id, method=request.scope["method"], status=request.status, **facts)

    def _id(self, given: bytes | None) -> str:
        if given is not None and _REQUEST_ID.fullmatch(given):
            return given.decode("ascii")
        return f"{self._process}-{next(self._numbers):x}"


class _Request:
    """One request's facts for the log and the counters, and how it is answered."""

    __slots__ = ("endpoint", "headers", "id", "records", "scope", "status")

    def __init__(self, scope: Scope, headers: dict[bytes, bytes], request_id: str) -> None:
        self.scope, self.headers, self.id = scope, headers, request_id
        self.endpoint, self.records, self.status = "", 0, 0

    async def send(self, send: Send, status: int, body: bytes, more: list[tuple[bytes, bytes]] | None = None) -> None:
        """Answer with JSON."""
        self.status = status
        headers = [_JSON, (b"content-length", b"%d" % len(body)), (b"x-request-id", self.id.encode("ascii")), *(more or ())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def recorded(self, send: Send) -> Send:
        """``send`` that notes the status and adds the request's id."""

        async def record(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", self.id.encode("ascii"))]
            await send(message)

        return record
