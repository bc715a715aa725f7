"""What the flows of one dataset share: the table they write into, its generation, and whom to tell."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from goldlane.pipelines.incremental.reasons import Refreshed
from goldlane.pipelines.outcome import FlowCounts
from goldlane.pipelines.plan import PlannedDataset
from goldlane.pipelines.writes import World

# Called after each write: (flow's name, micro-batch number or None, counts).
OnWrite = Callable[[str, "int | None", FlowCounts], None]
# Called when a flow starts over with a new schema: (flow's name, what changed).
OnRetry = Callable[[str, str], None]


# Called when a materialized view was refreshed: (flow's name, how).
OnRefresh = Callable[[str, Refreshed], None]
# Called in continuous mode: nothing more to write; and for a flow that failed, while others of its table may go on.
OnIdle = Callable[[], None]
OnFailure = Callable[[], None]


def _silent() -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A dataset in the generation that this update writes."""

    world: World
    planned: PlannedDataset
    generation: int
    on_write: OnWrite
    on_retry: OnRetry
    on_refresh: OnRefresh
    on_idle: OnIdle = _silent
    on_failure: OnFailure = _silent

    @property
    def path(self) -> Path:
        """Its Delta table."""
        return self.world.storage.table(self.planned.dataset.name)

    @property
    def change_state(self) -> Path:
        """What AUTO CDC remembers beside it."""
        return self.world.storage.change_state(self.planned.dataset.name, self.generation)

    def checkpoint(self, flow: str) -> Path:
        """A flow's checkpoint."""
        return self.world.storage.checkpoint(self.planned.dataset.name, flow, self.generation)

    def application(self, flow: str) -> str:
        """Delta's name for a writer: one flow of one generation of one table."""
        identity = f"{self.planned.key}/{flow}/{self.generation}"
        return f"goldlane-{hashlib.sha256(identity.encode()).hexdigest()[:32]}"
