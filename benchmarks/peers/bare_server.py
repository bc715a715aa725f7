"""The least that an ASGI server can do: a constant answer, on uvicorn as Goldlane runs it: `bare_server.py PORT BYTES`."""

from __future__ import annotations

import sys
from typing import Any

import uvicorn

BODY = b'"' + b"x" * (int(sys.argv[2]) - 2) + b'"'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Takes the body and answers."""
    if scope["type"] == "http":
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": BODY})


uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", ws="none", lifespan="off", log_level="error", access_log=False)
