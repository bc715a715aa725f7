"""Runs a flow's stream until all that has arrived is written, starting over when its files bring new columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from goldlane.pipelines.flows.target import Target
from goldlane.pipelines.outcome import FlowCounts
from goldlane.pipelines.plan import PlannedFlow
from goldlane.pipelines.streams import SinkFormat, WriteBatch, run_stream
from goldlane.pipelines.writes import FlowReads

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.pipelines.autoloader import SchemaChange


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
    while (failure := _failure(target, flow, writer)) is not None:
        change = evolve(failure)
        if change is None or change in retried:
            raise failure
        retried.add(change)
        target.on_retry(flow.flow.name, str(change))


def _failure(target: Target, flow: PlannedFlow, writer: BatchWriter) -> Exception | None:
    """What stopped the stream, if anything; returned, so that what mending it raises is not mistaken for it."""
    try:
        _run(target, flow, writer)
    except Exception as error:  # noqa: BLE001  user code and Spark may raise anything; the caller raises it again
        return error
    return None


def _run(target: Target, flow: PlannedFlow, writer: BatchWriter) -> None:
    name = flow.flow.name
    reads = FlowReads(target.world, flow.flow)
    frame = writer.source(reads)
    query = f"{target.planned.dataset.name}/{name}"
    for batch in run_stream(frame, writer.output, checkpoint=target.checkpoint(name), name=query, mode=writer.mode):
        counts = reads.counts(batch.observed) + writer.counts(batch.batch_id) + FlowCounts(late_rows=batch.late_rows)
        target.on_write(name, batch.batch_id, counts)
