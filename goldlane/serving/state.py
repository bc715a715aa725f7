"""What every route of one server process shares."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from goldlane.serving.limits import Limits

if TYPE_CHECKING:
    from goldlane.features.online import OnlineStore
    from goldlane.serving.access import Access
    from goldlane.serving.endpoints import Endpoints
    from goldlane.serving.metrics import Metrics

Result = TypeVar("Result")
_THREADS = 16


@dataclass(frozen=True, kw_only=True)
class Serving:
    """The store, what can be asked of it, who may, how much at once; and where it is told."""

    store: OnlineStore
    endpoints: Endpoints
    access: Access
    metrics: Metrics
    log: Any
    limits: Limits = field(default_factory=Limits)
    reads_inline: bool = True
    log_requests: bool = False
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_THREADS, thread_name_prefix="goldlane"))

    async def read(self, read: Callable[[], Result]) -> Result:
        """What ``read`` takes from the store. SQLite answers in microseconds, which a hop to a thread costs five times over."""
        if self.reads_inline:
            return read()
        return await asyncio.get_running_loop().run_in_executor(self.threads, read)
