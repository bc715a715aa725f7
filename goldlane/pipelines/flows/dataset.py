"""Writes one dataset: sets its table up, then runs its flows."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from goldlane.pipelines.definitions import ChangeFlow, Kind, QueryFlow, SnapshotFlow
from goldlane.pipelines.flows.append import Append
from goldlane.pipelines.flows.broken import rule_failure
from goldlane.pipelines.flows.changes import Merge
from goldlane.pipelines.flows.materialize import materialize
from goldlane.pipelines.flows.once import run_once
from goldlane.pipelines.flows.recovery import restarted
from goldlane.pipelines.flows.replace import Replace
from goldlane.pipelines.flows.sinks import Emit
from goldlane.pipelines.flows.snapshots import run_snapshots
from goldlane.pipelines.flows.stream import BatchWriter, run_until_current
from goldlane.pipelines.flows.target import Target
from goldlane.pipelines.ordering import stages
from goldlane.pipelines.outcome import Status
from goldlane.pipelines.plan import PlannedFlow
from goldlane.pipelines.relayout import bring_up_to_date, remember_layout
from goldlane.pipelines.sessions import flow_session
from goldlane.pipelines.tables import create_table
from goldlane.stopping import StoppedError

_SIDE_BY_SIDE = 4


class DatasetWriter:
    """Runs the flows of one dataset."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def write(self) -> Status:
        """Bring the table up to date, its flows side by side; COMPLETED, or UNCHANGED when nothing had to be computed."""
        self._set_up()
        flows = self._target.planned.flows
        # A continuous update has run every flow once before it lets them go on.
        staged = [flows] if self._target.world.continuous else stages(flows)
        statuses = {self._run(flows[0])} if len(flows) == 1 else set().union(*map(self._run_side_by_side, staged))
        return Status.UNCHANGED if statuses == {Status.UNCHANGED} else Status.COMPLETED

    def _run_side_by_side(self, flows: Sequence[PlannedFlow]) -> set[Status]:
        """A flow that fails leaves the others alone; its error is raised when they are done."""
        workers = len(flows) if self._target.world.continuous else _SIDE_BY_SIDE
        with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="flow") as pool:
            running = [pool.submit(self._run, flow) for flow in flows]
        errors = [error for future in running if (error := future.exception()) is not None]
        if errors:
            raise next((error for error in errors if not isinstance(error, StoppedError)), errors[0])
        return {future.result() for future in running}

    def _set_up(self) -> None:
        planned, storage, session = self._target.planned, self._target.world.storage, self._target.world.session
        if planned.kind is Kind.SINK:
            return
        if (self._target.path / "_delta_log").is_dir():
            bring_up_to_date(session, planned, storage)
            return
        if storage.has_progress(planned.dataset.name, self._target.generation):
            self._target = restarted(self._target)
        create_table(session, planned, self._target.path)
        storage.remember(planned.dataset.name, fingerprint=None, refreshed=None)
        remember_layout(planned, storage)

    def _run(self, flow: PlannedFlow) -> Status:
        target = self._target
        settings = {**target.planned.dataset.spark_conf, **flow.flow.spark_conf}
        try:
            with flow_session(target.world.session, settings) as session:
                return run_flow(replace(target, world=target.world.on(session)), flow)
        except StoppedError:
            raise
        except Exception:
            target.on_failure()
            raise


def run_flow(target: Target, flow: PlannedFlow) -> Status:
    """Run one flow in the way of its kind.

    Raises:
        ExpectationError: a rule stopped it.
    """
    try:
        return _run_flow(target, flow)
    except Exception as error:
        broken = rule_failure(target, flow, error)
        # Whoever tells of the failure wants to name the flow; the error itself must reach them as it is.
        (broken or error).goldlane_flow = flow.flow.name  # type: ignore[attr-defined]
        if broken is None:
            raise
        raise broken from error


def _run_flow(target: Target, flow: PlannedFlow) -> Status:
    query = flow.flow
    if flow.streams and not isinstance(query, SnapshotFlow):
        (run_once if query.once else run_until_current)(target, flow, _writer(target, flow, query))
        return Status.COMPLETED
    with target.world.stop.batch_jobs(target.world.session):
        if target.planned.kind is Kind.MATERIALIZED_VIEW:
            return materialize(target, flow)
        if isinstance(query, SnapshotFlow):
            return run_snapshots(target, query)
        run_once(target, flow, _writer(target, flow, query))
        return Status.COMPLETED


def _writer(target: Target, flow: PlannedFlow, query: QueryFlow | ChangeFlow) -> BatchWriter:
    if isinstance(query, ChangeFlow):
        return Merge(target, query)
    outlet = target.planned.dataset.outlet
    if outlet is not None:
        return Emit(target, flow, query, outlet)
    return Append(target, flow) if query.replacement is None else Replace(target, flow, query.replacement)
