"""What changes while a server runs: the store's tables, the store's file itself, and the tokens. Looked at once a second."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import GoldlaneError

if TYPE_CHECKING:
    from goldlane.serving.state import Serving

_EVERY_S = 1.0


@contextlib.asynccontextmanager
async def watching(serving: Serving, refresh_tokens: Callable[[], object] | None = None) -> AsyncIterator[None]:
    """Keep ``serving`` up to date until the block ends."""
    looks = [_new_file(serving), *([refresh_tokens] if refresh_tokens else [])]
    task = asyncio.create_task(_watch(serving, looks))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _watch(serving: Serving, looks: list[Callable[[], object]]) -> None:
    told: dict[int, str] = {}
    while True:
        await asyncio.sleep(_EVERY_S)
        for number, look in enumerate((*looks, None)):
            try:
                await _look(serving, look)
                told.pop(number, None)
            except GoldlaneError as error:
                if told.get(number) != error.message:
                    serving.log.warning("watch", error=type(error).__name__, message=error.message)
                told[number] = error.message


async def _look(serving: Serving, look: Callable[[], object] | None) -> None:
    """Files are looked at here, between two requests; the store's declarations, of which there may be many, beside them."""
    if look is not None:
        look()
    else:
        await asyncio.get_running_loop().run_in_executor(serving.threads, serving.endpoints.refresh)


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
