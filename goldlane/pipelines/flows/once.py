"""Flows that run once, and again after a full refresh."""

from __future__ import annotations

from goldlane.pipelines.flows.sinks import Emit
from goldlane.pipelines.flows.source import batch_counts
from goldlane.pipelines.flows.stream import BatchWriter, run_until_current
from goldlane.pipelines.flows.target import Target
from goldlane.pipelines.plan import PlannedFlow
from goldlane.pipelines.tables import table_version
from goldlane.pipelines.writes import FlowReads


def run_once(target: Target, flow: PlannedFlow, writer: BatchWriter) -> None:
    """Run the flow unless it ran in this generation of its target."""
    storage, name = target.world.storage, target.planned.dataset.name
    if storage.ran_once(name, flow.flow.name, target.generation):
        return
    if flow.streams:
        run_until_current(target, flow, writer)
    elif isinstance(writer, Emit):
        _emit(target, flow, writer)
    else:
        _run_batch(target, flow, writer)
    storage.remember_once(name, flow.flow.name, target.generation)


def _run_batch(target: Target, flow: PlannedFlow, writer: BatchWriter) -> None:
    reads = FlowReads(target.world, flow.flow)
    frame = writer.source(reads)
    before = table_version(target.world.session, target.path)
    writer.write(frame, 0)
    # Delta skips what was written before a crash, and then nothing is observed, however long one waits.
    if table_version(target.world.session, target.path) > before:
        target.on_write(flow.flow.name, None, batch_counts(reads) + writer.counts(0))


def _emit(target: Target, flow: PlannedFlow, emit: Emit) -> None:
    reads = FlowReads(target.world, flow.flow)
    emit.write(emit.source(reads), 0)
    target.on_write(flow.flow.name, None, batch_counts(reads))
