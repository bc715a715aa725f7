"""Continuous mode: first all that is there, then what arrives, until somebody asks to stop."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from goldlane.pipelines.definitions import Kind, SnapshotFlow
from goldlane.pipelines.failures import Failure
from goldlane.pipelines.outcome import DatasetResult, Status
from goldlane.pipelines.plan import PlannedDataset
from goldlane.pipelines.triggers import VIEWS_OVER_FILES_S, VIEWS_S, trigger_interval
from goldlane.pipelines.update import Updater
from goldlane.pipelines.watch import Watch
from goldlane.stopping import Stop

_LOOK_EVERY_S = 0.1
_FLUSH_EVERY_S = 2.0
_LIVES = {Status.COMPLETED, Status.UNCHANGED}


class Continuous:
    """Streams run side by side with a trigger each; what has no stream is looked at one after the other, in the order of the graph."""

    def __init__(self, updater: Updater) -> None:
        self._updater, self._world = updater, updater.world
        self._stops: dict[str, Stop] = {}
        self._broken: dict[str, str] = {}

    def run(self) -> tuple[DatasetResult, ...]:
        """Every selected dataset's result once it was stopped, or nothing is left that runs.

        Raises:
            KeyboardInterrupt: the user lost patience.
        """
        self._updater.run()
        living = [planned for planned in self._in_order() if self._updater.results[planned.key].status in _LIVES]
        self._stops = {planned.key: Stop(parent=self._world.stop) for planned in living}
        streams = [planned for planned in living if _streams(planned)]
        with ThreadPoolExecutor(max_workers=max(1, len(streams)), thread_name_prefix="stream") as pool, self._updater.interruptible():
            running = [pool.submit(self._write, planned) for planned in streams]
            self._refresh([planned for planned in living if planned not in streams], running)
        return self._updater.in_order()

    def _in_order(self) -> Iterator[PlannedDataset]:
        datasets = self._world.plan.datasets
        ordered = (datasets[key] for key in self._world.plan.sorter().static_order())
        return (planned for planned in ordered if planned.kind is not Kind.VIEW and planned.key in self._updater.selection)

    def _refresh(self, views: list[PlannedDataset], running: list[Future[None]]) -> None:
        """Look at each of ``views`` whenever it is due, as long as anything goes on."""
        due = {planned.key: time.monotonic() + self._interval(planned) for planned in views}
        flushed = time.monotonic()
        while not self._world.stop.wait(_LOOK_EVERY_S):
            left = [planned for planned in views if not self._stops[planned.key].asked]
            if not left and all(future.done() for future in running):
                return
            for planned in left:
                if time.monotonic() >= due[planned.key] and not self._world.stop.asked:
                    self._write(planned)
                    due[planned.key] = time.monotonic() + self._interval(planned)
            if time.monotonic() - flushed > _FLUSH_EVERY_S:
                self._updater.narrator.flush()
                flushed = time.monotonic()

    def _write(self, planned: PlannedDataset) -> None:
        """Write a stream until it is stopped, or a view once."""
        world = replace(self._world, stop=self._stops[planned.key], continuous=True)
        watch = Watch(world, planned, self._updater.narrator, partial(self._stop_dependents, planned))
        before = self._updater.results[planned.key]
        result = self._updater.write(planned, watch, quiet=not _streams(planned))
        if result.status is Status.FAILED:
            self._stops[planned.key].ask()
        elif planned.key in self._broken:
            reason = self._broken[planned.key]
            result = replace(result, status=Status.SKIPPED, error=Failure("SkippedError", reason, planned.dataset.place))
        elif result.status is Status.CANCELED:
            # Whole micro-batches, all of them: this is how a continuous update ends.
            result = replace(result, status=Status.COMPLETED)
        seconds, counts = before.seconds + result.seconds, before.counts + result.counts
        self._updater.results[planned.key] = replace(result, seconds=seconds, counts=counts)

    def _stop_dependents(self, failed: PlannedDataset) -> None:
        """Stop what reads ``failed``, and what reads that."""
        broken = {failed.key}
        for key in self._world.plan.sorter().static_order():
            planned = self._world.plan.datasets[key]
            if not broken & set(planned.inputs):
                continue
            broken.add(key)
            if key in self._stops:
                self._broken.setdefault(key, f"it reads {failed.dataset.written}, which failed")
                self._stops[key].ask()
                if not _streams(planned):
                    self._skip(planned)

    def _skip(self, planned: PlannedDataset) -> None:
        error = Failure("SkippedError", self._broken[planned.key], planned.dataset.place)
        self._updater.narrator.flow(planned, "STOPPED", reason=self._broken[planned.key])
        self._updater.results[planned.key] = replace(self._updater.results[planned.key], status=Status.SKIPPED, error=error)

    def _interval(self, planned: PlannedDataset) -> float:
        """As on the platform: looking at Delta tables is cheap, reading files again is not."""
        said = trigger_interval(planned.dataset, planned.flows[0].flow, self._world.configuration)
        known = self._world.storage.remembered(planned.dataset.name).get("fingerprint") is not None
        return said if said is not None else VIEWS_S if known else VIEWS_OVER_FILES_S


def _streams(planned: PlannedDataset) -> bool:
    return any(flow.streams and not flow.flow.once and not isinstance(flow.flow, SnapshotFlow) for flow in planned.flows)
