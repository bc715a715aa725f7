"""Writes one dataset: its streams into a streaming table, or its query into a materialized view."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from goldlane.pipelines.definitions import ChangeFlow, Kind, QueryFlow
from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.outcome import FlowCounts, Status
from goldlane.pipelines.plan import PlannedDataset, PlannedFlow
from goldlane.pipelines.reads import reading
from goldlane.pipelines.sessions import flow_settings
from goldlane.pipelines.streams import MicroBatch, WriteBatch, run_stream
from goldlane.pipelines.tables import create_table, merge_content, replace_content, table_version
from goldlane.pipelines.unchanged import fingerprint
from goldlane.pipelines.writes import FlowReads, Observed, World

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.pipelines.autoloader import SchemaChange

# Called after each write: (flow's name, micro-batch number or None, counts).
OnWrite = Callable[[str, "int | None", FlowCounts], None]
# Called when a flow starts over with a new schema: (flow's name, what changed).
OnRetry = Callable[[str, str], None]


class DatasetWriter:
    """Runs the flows of one dataset."""

    def __init__(self, world: World, planned: PlannedDataset, on_write: OnWrite, on_retry: OnRetry) -> None:
        self._world, self._planned = world, planned
        self._on_write, self._on_retry = on_write, on_retry
        self._path = world.storage.table(planned.dataset.name)
        self._record = world.storage.remembered(planned.dataset.name)
        self._generation = int(self._record.get("generation", 0))

    def write(self) -> Status:
        """Bring the table up to date; COMPLETED, or UNCHANGED when nothing had to be computed."""
        if create_table(self._world.session, self._planned, self._path):
            self._record.pop("fingerprint", None)
        if self._planned.kind is Kind.MATERIALIZED_VIEW:
            with flow_settings(self._world.session, self._planned.flows[0].flow.spark_conf):
                return self._materialize()
        for planned in self._planned.flows:
            with flow_settings(self._world.session, planned.flow.spark_conf):
                if planned.flow.once:
                    self._run_once(planned)
                else:
                    self._run_until_current(planned)
        return Status.COMPLETED

    def _materialize(self) -> Status:
        flow = self._planned.flows[0].flow
        reads = FlowReads(self._world, flow)
        # Rules decide about rows as the query does, so they are part of what must not have changed.
        checked = reads.enforced(self._query(flow, reads), self._planned.dataset, is_target=True)
        print_of_inputs = fingerprint(checked)
        if print_of_inputs is not None and print_of_inputs == self._record.get("fingerprint"):
            return Status.UNCHANGED
        self._world.storage.remember(self._planned.dataset.name, fingerprint=None)
        (merge_content if self._planned.primary_key else replace_content)(checked, self._planned, self._path)
        self._world.storage.remember(self._planned.dataset.name, fingerprint=print_of_inputs)
        self._on_write(flow.name, None, reads.counts(_batch_metrics(reads)))
        return Status.COMPLETED

    def _run_once(self, planned: PlannedFlow) -> None:
        done = self._record.get("once", {})
        if done.get(planned.flow.name) == self._generation:
            return
        if planned.streams:
            self._run_until_current(planned)
        else:
            reads = FlowReads(self._world, planned.flow)
            frame = reads.enforced(self._query(planned.flow, reads), self._planned.dataset, is_target=True)
            before = table_version(self._world.session, self._path)
            self._append(planned)(frame, 0)
            # Delta skips what was written before a crash, and then nothing is observed, however long one waits.
            if table_version(self._world.session, self._path) > before:
                self._on_write(planned.flow.name, None, reads.counts(_batch_metrics(reads)))
        self._record["once"] = {**done, planned.flow.name: self._generation}
        self._world.storage.remember(self._planned.dataset.name, once=self._record["once"])

    def _run_until_current(self, planned: PlannedFlow) -> None:
        from goldlane.pipelines.autoloader import evolve

        retried: set[SchemaChange] = set()
        while (failure := self._failure(planned)) is not None:
            change = evolve(failure)
            if change is None or change in retried:
                raise failure
            retried.add(change)
            self._on_retry(planned.flow.name, str(change))

    def _failure(self, planned: PlannedFlow) -> Exception | None:
        """What stopped the stream, if anything; returned, so that what mending it raises is not mistaken for it."""
        try:
            self._run_stream(planned)
        except Exception as error:  # noqa: BLE001  user code and Spark may raise anything; the caller raises it again
            return error
        return None

    def _run_stream(self, planned: PlannedFlow) -> None:
        flow = planned.flow
        reads = FlowReads(self._world, flow)
        changes: dict[int, FlowCounts] = {}
        with reading(reads):
            source = reads.stream(flow.source, {}) if isinstance(flow, ChangeFlow) else flow.function()
        frame = reads.enforced(source, self._planned.dataset, is_target=isinstance(flow, QueryFlow))
        write = self._merge(flow, changes) if isinstance(flow, ChangeFlow) else self._append(planned)
        checkpoint = self._world.storage.checkpoint(self._planned.dataset.name, flow.name, self._generation)
        for batch in run_stream(frame, write, checkpoint=checkpoint, name=f"{self._planned.dataset.name}/{flow.name}"):
            self._on_write(flow.name, batch.batch_id, self._counts(reads, batch, changes))

    def _counts(self, reads: FlowReads, batch: MicroBatch, changes: dict[int, FlowCounts]) -> FlowCounts:
        return reads.counts(batch.observed) + changes.get(batch.batch_id, FlowCounts()) + FlowCounts(late_rows=batch.late_rows)

    def _append(self, planned: PlannedFlow) -> WriteBatch:
        app = self._application(planned.flow.name)

        def append(batch: DataFrame, batch_id: int) -> None:
            writer = batch.write.format("delta").mode("append").option("mergeSchema", "true")
            writer.option("txnAppId", app).option("txnVersion", batch_id).save(str(self._path))

        return append

    def _merge(self, flow: ChangeFlow, counts: dict[int, FlowCounts]) -> WriteBatch:
        from goldlane.pipelines.cdc import apply_batch

        state = self._world.storage.change_state(self._planned.dataset.name, self._generation)

        def merge(batch: DataFrame, batch_id: int) -> None:
            changes = apply_batch(batch, flow.spec, target=self._path, state=state)
            counts[batch_id] = FlowCounts(output_rows=changes.upserted, upserted_rows=changes.upserted, deleted_rows=changes.deleted)

        return merge

    def _query(self, flow: object, reads: FlowReads) -> DataFrame:
        if not isinstance(flow, QueryFlow):
            raise PipelineError(f"{self._planned.dataset.written!r} is fed by AUTO CDC, which needs a streaming table")
        with reading(reads):
            return flow.function()

    def _application(self, flow: str) -> str:
        """Delta's name for this writer: one flow of one generation of one table."""
        identity = f"{self._planned.key}/{flow}/{self._generation}"
        return f"goldlane-{hashlib.sha256(identity.encode()).hexdigest()[:32]}"


def _batch_metrics(reads: FlowReads) -> dict[str, dict[str, object]]:
    return {entry.name: entry.observation.get for entry in reads.observed if entry.observation is not None and _ran(entry)}


def _ran(entry: Observed) -> bool:
    """Whether an observation saw the write: that of a view which was read and then not used never does, and would wait forever."""
    java = getattr(entry.observation, "_jo", None)
    return entry.is_target or bool(java is not None and java.future().isCompleted())
