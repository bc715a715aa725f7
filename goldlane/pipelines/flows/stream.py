"""Runs a flow's stream until all that has arrived is written, starting over when its files bring new columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from goldlane.pipelines.arrivals import has_ended_well, nothing_arrived
from goldlane.pipelines.flows.recovery import explained, remember_sources
from goldlane.pipelines.flows.target import Target
from goldlane.pipelines.outcome import FlowCounts
from goldlane.pipelines.plan import PlannedFlow
from goldlane.pipelines.streamreports import stream_report
from goldlane.pipelines.triggers import STREAMS_S, trigger_interval
from goldlane.pipelines.writes import FlowReads, PeekReads
from goldlane.streams import Course, SinkFormat, WriteBatch, run_stream

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.pipelines.autoloader import SchemaChange


# Flows of one table may meet over and over while it gets new columns.
_CONFLICTS = 10


class BatchWriter(Protocol):
    """Where a stream comes from and where its micro-batches go; ``mode`` is Spark's output mode."""

    mode: str

    @property
    def output(self) -> WriteBatch | SinkFormat:
        """What writes one micro-batch; Spark repeats one that was cut short, with its number."""

    def source(self, reads: FlowReads) -> DataFrame:
        """The stream, checked by the target's rules."""

    def write(self, batch: DataFrame, batch_id: int) -> None:
        """Write one batch."""

    def counts(self, batch_id: int) -> FlowCounts:
        """What the writer counted itself, beside what was observed on the way."""


def run_until_current(target: Target, flow: PlannedFlow, writer: BatchWriter) -> None:
    """Write all that has arrived; a schema that grows is stored, and the stream starts over, once per change."""
    from goldlane.pipelines.autoloader import evolve

    retried: set[SchemaChange] = set()
    conflicts = 0
    while (failure := _failure(target, flow, writer)) is not None:
        conflicts += is_conflict(failure)
        change = evolve(failure)
        if is_conflict(failure) and conflicts <= _CONFLICTS:
            target.on_retry(flow.flow.name, "another flow changed the table at the same moment")
        elif change is None or change in retried:
            reason = explained(failure, target, flow)
            raise reason from (None if reason is failure else failure)
        else:
            retried.add(change)
            target.on_retry(flow.flow.name, str(change))
    remember_sources(target, flow)


def _failure(target: Target, flow: PlannedFlow, writer: BatchWriter) -> Exception | None:
    """What stopped the stream, if anything; returned, so that what mending it raises is not mistaken for it."""
    try:
        _run(target, flow, writer)
    except Exception as error:  # noqa: BLE001  user code and Spark may raise anything; the caller raises it again
        return error
    return None


def is_conflict(error: Exception) -> bool:
    """Whether Delta refused a commit for another one that came first; nothing was written then."""
    from delta.exceptions import DeltaConcurrentModificationException

    return isinstance(error, DeltaConcurrentModificationException)


def _course(target: Target, flow: PlannedFlow, writer: BatchWriter) -> Course:
    name, world, dataset = flow.flow.name, target.world, target.planned.dataset
    every = trigger_interval(dataset, flow.flow, world.configuration) or STREAMS_S if world.continuous else None
    return Course(name=f"{dataset.name}/{name}", checkpoint=target.checkpoint(name), stop=world.stop, mode=writer.mode, every=every)


def _is_current(target: Target, flow: PlannedFlow, writer: BatchWriter) -> bool:
    """Whether the stream would find nothing, known without starting it."""
    checkpoint = target.checkpoint(flow.flow.name)
    if target.world.continuous or not has_ended_well(checkpoint):
        return False
    return nothing_arrived(writer.source(PeekReads(target.world, flow.flow)), checkpoint)


def _run(target: Target, flow: PlannedFlow, writer: BatchWriter) -> None:
    name = flow.flow.name
    if _is_current(target, flow, writer):
        return
    reads = FlowReads(target.world, flow.flow)
    frame = writer.source(reads)
    for batch in run_stream(frame, writer.output, _course(target, flow, writer)):
        if batch is None:
            target.on_idle()
            continue
        told = FlowCounts(late_rows=batch.late_rows, report=stream_report(batch.progress, target.checkpoint(name)))
        counts = reads.counts(batch.observed) + writer.counts(batch.batch_id) + told
        target.on_write(name, batch.batch_id, counts)
