"""The MCP server over stdin and stdout: stdout carries the protocol only, everything else goes to stderr."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server


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
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
