"""What changes while a server runs: the store's tables, the store's file itself, and the tokens. Looked at once a second."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import GoldlaneError
from goldlane.serving.logs import place_of

if TYPE_CHECKING:
    from goldlane.serving.state import Serving

_EVERY_S = 1.0


@contextlib.asynccontextmanager
async def watching(serving: Serving, refresh_tokens: Callable[[], object] | None = None) -> AsyncIterator[None]:
    """Keep ``serving`` up to date until the block ends."""
    looks = [_store(serving), _between(_new_file(serving)), *([_between(refresh_tokens)] if refresh_tokens else [])]
    tasks = [asyncio.create_task(_watch(serving, look)) for look in looks]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _watch(serving: Serving, look: Callable[[], Awaitable[object]]) -> None:
    """A task for each look: a store that does not answer holds up no token that was revoked."""
    told = ""
    while True:
        await asyncio.sleep(_EVERY_S)
        try:
            await look()
            told = ""
        except GoldlaneError as error:
            if told != error.message:
                serving.log.warning("watch", error=type(error).__name__, message=error.message)
            told = error.message
        except Exception as error:  # noqa: BLE001  the process's edge: a watch that ends lets revoked tokens in
            place = place_of(error)
            if told != place:
                serving.log.error("defect", error=type(error).__name__, place=place)  # noqa: TRY400  its story may quote a value
            told = place


def _store(serving: Serving) -> Callable[[], Awaitable[object]]:
    """Its declarations, of which there may be many, are read beside the requests."""

    async def look() -> None:
        await asyncio.get_running_loop().run_in_executor(serving.threads, serving.endpoints.refresh)

    return look


def _between(look: Callable[[], object]) -> Callable[[], Awaitable[object]]:
    """Files are looked at by the event loop itself, between two requests."""

    async def looked() -> None:
        look()

    return looked


def _new_file(serving: Serving) -> Callable[[], None]:
    """Connections to a file that was replaced or removed would answer from the old one for ever."""
    path = getattr(serving.store, "path", None)
    seen = _identity(path)

    def look() -> None:
        nonlocal seen
        found = _identity(path)
        if found != seen:
            seen = found
            serving.store.close()

    return look


def _identity(path: Path | None) -> tuple[int, int] | None:
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return None if found is None else (found.st_dev, found.st_ino)
