"""Writes one dataset: sets its table up, then runs its flows."""

from __future__ import annotations

from goldlane.pipelines.definitions import ChangeFlow, Kind, QueryFlow, SnapshotFlow
from goldlane.pipelines.flows.append import Append
from goldlane.pipelines.flows.broken import rule_failure
from goldlane.pipelines.flows.changes import Merge
from goldlane.pipelines.flows.materialize import materialize
from goldlane.pipelines.flows.once import run_once
from goldlane.pipelines.flows.replace import Replace
from goldlane.pipelines.flows.sinks import Emit
from goldlane.pipelines.flows.snapshots import run_snapshots
from goldlane.pipelines.flows.stream import BatchWriter, run_until_current
from goldlane.pipelines.flows.target import OnRetry, OnWrite, Target
from goldlane.pipelines.outcome import Status
from goldlane.pipelines.plan import PlannedDataset, PlannedFlow
from goldlane.pipelines.sessions import flow_settings
from goldlane.pipelines.tables import create_table
from goldlane.pipelines.writes import World


class DatasetWriter:
    """Runs the flows of one dataset."""

    def __init__(self, world: World, planned: PlannedDataset, on_write: OnWrite, on_retry: OnRetry) -> None:
        generation = world.storage.generation(planned.dataset.name)
        self._target = Target(world=world, planned=planned, generation=generation, on_write=on_write, on_retry=on_retry)

    def write(self) -> Status:
        """Bring the table up to date; COMPLETED, or UNCHANGED when nothing had to be computed."""
        self._set_up()
        statuses = {self._run(flow) for flow in self._target.planned.flows}
        return Status.UNCHANGED if statuses == {Status.UNCHANGED} else Status.COMPLETED

    def _set_up(self) -> None:
        target = self._target
        if target.planned.kind is Kind.SINK:
            return
        if create_table(target.world.session, target.planned, target.path):
            target.world.storage.remember(target.planned.dataset.name, fingerprint=None)

    def _run(self, flow: PlannedFlow) -> Status:
        settings = {**self._target.planned.dataset.spark_conf, **flow.flow.spark_conf}
        with flow_settings(self._target.world.session, settings):
            return run_flow(self._target, flow)


def run_flow(target: Target, flow: PlannedFlow) -> Status:
    """Run one flow in the way of its kind.

    Raises:
        ExpectationError: a rule stopped it.
    """
    try:
        return _run_flow(target, flow)
    except Exception as error:
        broken = rule_failure(target, flow, error)
        if broken is None:
            raise
        raise broken from error


def _run_flow(target: Target, flow: PlannedFlow) -> Status:
    if target.planned.kind is Kind.MATERIALIZED_VIEW:
        return materialize(target, flow)
    query = flow.flow
    if isinstance(query, SnapshotFlow):
        return run_snapshots(target, query)
    (run_once if query.once else run_until_current)(target, flow, _writer(target, flow, query))
    return Status.COMPLETED


def _writer(target: Target, flow: PlannedFlow, query: QueryFlow | ChangeFlow) -> BatchWriter:
    if isinstance(query, ChangeFlow):
        return Merge(target, query)
    outlet = target.planned.dataset.outlet
    if outlet is not None:
        return Emit(target, flow, query, outlet)
    return Append(target, flow) if query.replacement is None else Replace(target, flow, query.replacement)
