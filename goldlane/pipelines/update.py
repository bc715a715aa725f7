"""One update of a planned pipeline: datasets in the order of the graph, independent ones side by side."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from goldlane.pipelines.definitions import Kind
from goldlane.pipelines.errors import ExpectationError
from goldlane.pipelines.failures import Failure, failure_of
from goldlane.pipelines.flows import DatasetWriter
from goldlane.pipelines.injected import PipelineSession
from goldlane.pipelines.narration import Narrator
from goldlane.pipelines.outcome import DatasetResult, FlowCounts, Status
from goldlane.pipelines.outlets import delta_table
from goldlane.pipelines.plan import Plan, PlannedDataset
from goldlane.pipelines.refresh import Selection
from goldlane.pipelines.sessions import make_current
from goldlane.pipelines.watch import Watch
from goldlane.pipelines.writes import World
from goldlane.stopping import Stop, StoppedError

_LOOK_EVERY_S = 0.5


class Updater:
    """Runs the datasets of a plan and collects their results."""

    def __init__(self, world: World, session: PipelineSession, narrator: Narrator, selection: Selection, root: Path) -> None:
        self.world, self.narrator = world, narrator
        self.selection, self._session, self._root = selection, session, root
        self._plan: Plan = world.plan
        self.results: dict[str, DatasetResult] = {}

    def run(self) -> tuple[DatasetResult, ...]:
        """Every selected dataset's result, in the order of the declarations.

        Raises:
            KeyboardInterrupt: the user lost patience; what was written is whole, and the log says which flows were stopped.
        """
        sorter = self._plan.sorter()
        sorter.prepare()
        running: dict[Future[DatasetResult], str] = {}
        with ThreadPoolExecutor(max_workers=self._workers(), thread_name_prefix="flow") as pool, self.interruptible():
            while sorter.is_active():
                for key in sorter.get_ready():
                    running[pool.submit(self._run, self._plan.datasets[key])] = key
                done, _ = wait(running, timeout=_LOOK_EVERY_S, return_when=FIRST_COMPLETED)
                if self.world.stop.asked:
                    self.world.stop.cancel_batch_jobs(self.world.session)
                for future in done:
                    key = running.pop(future)
                    self.results[key] = future.result()
                    sorter.done(key)
        return self.in_order()

    def in_order(self) -> tuple[DatasetResult, ...]:
        """The results so far, in the order of the declarations."""
        return tuple(self.results[key] for key in self._plan.datasets if key in self.selection)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """On a KeyboardInterrupt end every flow at once, in the middle of what it does, and say so in the log."""
        try:
            yield
        except KeyboardInterrupt:
            self.world.stop.ask()
            self.world.session.sparkContext.cancelAllJobs()
            self.narrator.state("CANCELED")
            self.narrator.flush()
            raise

    def write(self, planned: PlannedDataset, watch: Watch, *, quiet: bool = False) -> DatasetResult:
        """Bring one dataset up to date, and tell how that went; ``quiet`` tells nothing when it was up to date."""
        make_current(self._session)
        started = time.perf_counter()
        status, failure = self._attempt(watch)
        if not (quiet and status in {Status.UNCHANGED, Status.CANCELED}):
            self._tell(watch, status, failure)
        counts, seconds = watch.total + (watch.broken or FlowCounts()), time.perf_counter() - started
        return replace(self.planned_result(planned), status=status, counts=counts, seconds=seconds, error=failure)

    def _tell(self, watch: Watch, status: Status, failure: Failure | None) -> None:
        if status is Status.UNCHANGED:
            self.narrator.unchanged(watch.planned)
        ended = {Status.FAILED: "FAILED", Status.CANCELED: "STOPPED"}.get(status, "COMPLETED")
        self.narrator.flow(watch.planned, ended, failure=failure, broken=watch.broken)

    def planned_result(self, planned: PlannedDataset) -> DatasetResult:
        """The dataset, nothing written."""
        return _result(self.world, planned)

    def _workers(self) -> int:
        return max(1, min(4, self.world.session.sparkContext.defaultParallelism))

    def _run(self, planned: PlannedDataset) -> DatasetResult:
        result = self.planned_result(planned)
        if planned.key not in self.selection:
            return result
        broken = self._broken_inputs(planned.predecessors)
        if broken:
            reason = f"it {'waits for' if planned.waits else 'reads'} {', '.join(broken)}, which did not complete"
            self.narrator.flow(planned, "SKIPPED", reason=reason)
            return replace(result, status=Status.SKIPPED, error=Failure("SkippedError", reason, planned.dataset.place))
        if planned.kind is Kind.VIEW:
            return result
        if self.world.stop.asked:
            self.narrator.flow(planned, "STOPPED")
            return replace(result, status=Status.CANCELED)
        self.narrator.flow(planned, "STARTING")
        return self.write(planned, Watch(self.world, planned, self.narrator))

    def _attempt(self, watch: Watch) -> tuple[Status, Failure | None]:
        try:
            return DatasetWriter(watch.target()).write(), None
        except StoppedError:
            return Status.CANCELED, None
        except Exception as error:  # noqa: BLE001  user code and Spark may raise anything; it becomes the dataset's failure
            if self.world.stop.asked:
                # What a stopped flow raises, is only how it was stopped.
                return Status.CANCELED, None
            watch.broken = error.counts if isinstance(error, ExpectationError) else None
            return Status.FAILED, failure_of(error, sys.exc_info()[2], self._root, watch.planned.dataset.place)

    def _broken_inputs(self, inputs: tuple[str, ...]) -> list[str]:
        ended = {key: self.results[key].status for key in inputs if key in self.results}
        return [self._plan.datasets[key].dataset.written for key, status in ended.items() if status in {Status.FAILED, Status.SKIPPED}]


def planned_results(world: World) -> tuple[DatasetResult, ...]:
    """The datasets of an update that only validates: planned, nothing written."""
    return tuple(_result(world, planned) for planned in world.plan.datasets.values())


def status_of(results: tuple[DatasetResult, ...], stop: Stop) -> Status:
    """FAILED when any dataset failed, else CANCELED when somebody stopped the update, else COMPLETED."""
    if any(result.status in {Status.FAILED, Status.SKIPPED} for result in results):
        return Status.FAILED
    return Status.CANCELED if stop.asked else Status.COMPLETED


def inputs_of(plan: Plan) -> Mapping[str, list[str]]:
    """What each dataset reads, by written names."""
    found: dict[str, list[str]] = {planned.dataset.written: [] for planned in plan.datasets.values()}
    for source, target in plan.edges():
        found[target].append(source)
    return found


def _result(world: World, planned: PlannedDataset) -> DatasetResult:
    path = None if planned.kind is Kind.VIEW else world.storage.table(planned.dataset.name)
    if planned.dataset.outlet is not None:
        path = delta_table(planned.dataset.outlet, world)
    return DatasetResult(name=planned.dataset.written, kind=planned.kind, status=Status.COMPLETED, path=path)
