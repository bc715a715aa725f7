"""Watches one dataset being written: adds its rows up, and hands every step to the log. Its flows run in threads of their own."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from goldlane.pipelines.flows import Target
from goldlane.pipelines.incremental.reasons import Refreshed
from goldlane.pipelines.narration import Narrator
from goldlane.pipelines.outcome import FlowCounts
from goldlane.pipelines.plan import PlannedDataset
from goldlane.pipelines.writes import World


class Watch:
    """``on_failure`` is called when a flow fails, which others of the table may outlive; ``broken`` counts what a rule stopped."""

    def __init__(self, world: World, planned: PlannedDataset, narrator: Narrator, on_failure: Callable[[], None] | None = None) -> None:
        self._world, self.planned, self._narrator = world, planned, narrator
        self._on_failure = on_failure
        self._lock, self._is_idle = Lock(), False
        self.total = FlowCounts()
        self.broken: FlowCounts | None = None

    def target(self) -> Target:
        """The dataset in its present generation, watched."""
        generation = self._world.storage.generation(self.planned.dataset.name)
        return Target(
            world=self._world,
            planned=self.planned,
            generation=generation,
            on_write=self._wrote,
            on_retry=self._retried,
            on_refresh=self._refreshed,
            on_idle=self._idle,
            on_failure=self._on_failure or _nothing,
        )

    def _wrote(self, flow: str, batch_id: int | None, counts: FlowCounts) -> None:
        with self._lock:
            self.total += counts
            woke, self._is_idle = self._is_idle, False
        if woke:
            self._narrator.flow(self.planned, "RUNNING")
        self._narrator.wrote(self.planned, flow, batch_id, counts)

    def _idle(self) -> None:
        with self._lock:
            fell_asleep, self._is_idle = not self._is_idle, True
        if fell_asleep:
            self._narrator.flow(self.planned, "IDLE")

    def _refreshed(self, flow: str, how: Refreshed) -> None:
        self._narrator.refreshed(self.planned, flow, how)

    def _retried(self, flow: str, change: str) -> None:
        self._narrator.retried(self.planned, flow, change)


def _nothing() -> None:
    """Nobody else needs to know."""
