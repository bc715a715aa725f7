"""One update of a planned pipeline: datasets in the order of the graph, independent ones side by side."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
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
from goldlane.pipelines.sessions import make_current
from goldlane.pipelines.writes import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What an update works on: everything, or the named datasets; keys are qualified names in lower case."""

    keys: frozenset[str] | None = None

    def __contains__(self, key: str) -> bool:
        return self.keys is None or key in self.keys


class Updater:
    """Runs the datasets of a plan and collects their results."""

    def __init__(self, world: World, session: PipelineSession, narrator: Narrator, selection: Selection, root: Path) -> None:
        self._world, self._session, self._narrator, self._selection, self._root = world, session, narrator, selection, root
        self._plan: Plan = world.plan
        self._results: dict[str, DatasetResult] = {}
        self._stopping = False

    def run(self) -> tuple[DatasetResult, ...]:
        """Every selected dataset's result, in the order of the declarations.

        Raises:
            KeyboardInterrupt: the user stopped it; what was written is whole, and the log says which flows were stopped.
        """
        sorter = self._plan.sorter()
        sorter.prepare()
        running: dict[Future[DatasetResult], str] = {}
        with ThreadPoolExecutor(max_workers=self._workers(), thread_name_prefix="flow") as pool:
            try:
                while sorter.is_active():
                    for key in sorter.get_ready():
                        running[pool.submit(self._run, self._plan.datasets[key])] = key
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        key = running.pop(future)
                        self._results[key] = future.result()
                        sorter.done(key)
            except KeyboardInterrupt:
                self._stop()
                pool.shutdown(cancel_futures=True)
                self._narrator.state("CANCELED")
                self._narrator.flush()
                raise
        return tuple(self._results[key] for key in self._plan.datasets if key in self._selection)

    def _workers(self) -> int:
        return max(1, min(4, self._world.session.sparkContext.defaultParallelism))

    def _stop(self) -> None:
        self._stopping = True
        for query in self._world.session.streams.active:
            query.stop()
        self._world.session.sparkContext.cancelAllJobs()

    def _run(self, planned: PlannedDataset) -> DatasetResult:
        result = _result(self._world, planned)
        if planned.key not in self._selection:
            return result
        broken = self._broken_inputs(planned.predecessors)
        if broken:
            reason = f"it {'waits for' if planned.waits else 'reads'} {', '.join(broken)}, which did not complete"
            self._narrator.flow(planned, "SKIPPED", reason=reason)
            return replace(result, status=Status.SKIPPED, error=Failure("SkippedError", reason, planned.dataset.place))
        if planned.kind is Kind.VIEW:
            return result
        return self._write(planned, result)

    def _write(self, planned: PlannedDataset, result: DatasetResult) -> DatasetResult:
        make_current(self._session)
        started, total = time.perf_counter(), [FlowCounts()]
        broken: FlowCounts | None = None

        def wrote(flow: str, batch_id: int | None, counts: FlowCounts) -> None:
            total[0] += counts
            self._narrator.wrote(planned, flow, batch_id, counts)

        def retried(flow: str, change: str) -> None:
            self._narrator.retried(planned, flow, change)

        self._narrator.flow(planned, "STARTING")
        try:
            status, failure = DatasetWriter(self._world, planned, wrote, retried).write(), None
        except Exception as error:  # noqa: BLE001  user code and Spark may raise anything; it becomes the dataset's failure
            status, failure = Status.FAILED, failure_of(error, sys.exc_info()[2], self._root, planned.dataset.place)
            broken = error.counts if isinstance(error, ExpectationError) else None
        if self._stopping:
            # What a stopped flow raises, if it raises, is only how it was stopped.
            status, failure = Status.CANCELED, None
        if status is Status.UNCHANGED:
            self._narrator.unchanged(planned)
        self._narrator.flow(planned, "STOPPED" if self._stopping else "FAILED" if failure else "COMPLETED", failure=failure, broken=broken)
        return replace(
            result, status=status, counts=total[0] + (broken or FlowCounts()), seconds=time.perf_counter() - started, error=failure
        )

    def _broken_inputs(self, inputs: tuple[str, ...]) -> list[str]:
        ended = {key: self._results[key].status for key in inputs if key in self._results}
        return [self._plan.datasets[key].dataset.written for key, status in ended.items() if status in {Status.FAILED, Status.SKIPPED}]


def planned_results(world: World) -> tuple[DatasetResult, ...]:
    """The datasets of an update that only validates: planned, nothing written."""
    return tuple(_result(world, planned) for planned in world.plan.datasets.values())


def status_of(results: tuple[DatasetResult, ...]) -> Status:
    """FAILED when any dataset failed, else COMPLETED."""
    return Status.FAILED if any(result.status in {Status.FAILED, Status.SKIPPED} for result in results) else Status.COMPLETED


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
