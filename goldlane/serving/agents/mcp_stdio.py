"""The MCP server over stdin and stdout: stdout carries the protocol only, everything else goes to stderr."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

_LAST_ANSWERS_S = 10.0


def serve_stdio(server: Server[Any], close: Callable[[], None]) -> None:
    """Until stdin ends, or SIGTERM comes; ``close`` lets go of what the server reads."""
    asyncio.run(_served(server, close))
    close()


async def _served(server: Server[Any], close: Callable[[], None]) -> None:
    from mcp.server.stdio import stdio_server

    def stop() -> None:
        # The SDK's thread waits for a line of stdin and cannot be called off: an orderly end would wait for it, too.
        close()
        os._exit(0)

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    async with stdio_server() as (incoming, outgoing), _answered_to_the_last(incoming, outgoing) as (requests, answers):
        await server.run(requests, answers, server.create_initialization_options())


@asynccontextmanager
async def _answered_to_the_last(incoming: Any, outgoing: Any) -> AsyncIterator[tuple[Any, Any]]:
    """The same streams, but ``incoming`` ends only after the last request is answered: the SDK would drop what it works on."""
    import anyio
    from mcp_types import JSONRPCRequest

    waiting: set[Any] = set()
    ended: list[anyio.Event] = []

    async def take(send: Any) -> None:
        async with send:
            async for message in incoming:
                frame = getattr(message, "message", None)
                if isinstance(frame, JSONRPCRequest):
                    waiting.add(frame.id)
                await send.send(message)
            if waiting:
                ended.append(anyio.Event())
                with anyio.move_on_after(_LAST_ANSWERS_S):  # a request that the client called off is never answered
                    await ended[0].wait()

    async def give(receive: Any) -> None:
        async with outgoing:
            async for message in receive:
                await outgoing.send(message)
                waiting.discard(getattr(message.message, "id", None))
                if ended and not waiting:
                    ended[0].set()

    to_server, requests = anyio.create_memory_object_stream[Any](0)
    answers, from_server = anyio.create_memory_object_stream[Any](0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(take, to_server)
        tasks.start_soon(give, from_server)
        yield requests, answers
