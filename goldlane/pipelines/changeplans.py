"""Plans AUTO CDC: the columns its target will have, and which flows may share one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from goldlane.errors import Mistakes
from goldlane.pipelines.definitions import ChangeFlow, Dataset, Flow, QueryFlow, SnapshotFlow
from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.schematext import parse_schema
from goldlane.pipelines.standins import empty_batch, empty_stream

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from goldlane.pipelines.cdc import SnapshotSource
    from goldlane.pipelines.cdc.versions import Version
    from goldlane.pipelines.planreads import PlanReads
    from goldlane.pipelines.storage import Storage


def require_change_flows_fit(dataset: Dataset, flows: Sequence[Flow]) -> None:
    """Refuse flows that cannot share their target.

    Raises:
        Mistakes: AUTO CDC beside other kinds of flows, or AUTO CDC flows that differ in keys or SCD type.
    """
    merging = [flow for flow in flows if not isinstance(flow, QueryFlow)]
    queries, snapshots = ([flow for flow in flows if isinstance(flow, kind)] for kind in (QueryFlow, SnapshotFlow))
    mistakes = [
        f"flow {flow.name!r} appends rows to it, and AUTO CDC flow {merging[0].name!r} decides about all its rows"
        for flow in queries
        if merging
    ]
    if snapshots and len(merging) > 1:
        mistakes.append(f"flow {snapshots[0].name!r} makes it follow a snapshot, so no other flow may write to it")
    shapes = {(tuple(key.lower() for key in flow.spec.keys), flow.spec.scd_type) for flow in merging}
    if len(shapes) > 1:
        mistakes.append(f"its AUTO CDC flows ({', '.join(flow.name for flow in merging)}) must have the same keys and the same SCD type")
    if mistakes:
        raise Mistakes(f"the flows into {dataset.written} do not fit each other", mistakes)


def planned_changes(flow: ChangeFlow, reads: PlanReads, session: SparkSession, dataset: Dataset) -> tuple[DataFrame, DataFrame]:
    """A stand-in with the target's columns, a batch when the flow runs once and its source is no stream; and the events themselves.

    Raises:
        CdcError: the flow does not fit its source, or its target's properties make no sense.
    """
    from goldlane.pipelines.cdc import target_schema, with_properties

    with_properties(flow.spec, dataset.table_properties)
    source = flow.events(reads)
    schema = target_schema(source.schema, flow.spec, session)
    return (empty_stream if source.isStreaming else empty_batch)(session, schema), source


def planned_snapshots(
    flow: SnapshotFlow, reads: PlanReads, session: SparkSession, storage: Storage, dataset: Dataset
) -> tuple[DataFrame, DataFrame]:
    """A stand-in with the target's columns, and a snapshot's rows; a function is asked for a snapshot that shows them.

    Raises:
        PipelineError: the source is a stream, or nothing shows the columns.
        SnapshotError: the function has no snapshot to begin with.
    """
    rows: DataFrame | None
    if isinstance(flow.source, str):
        source = reads.batch(flow.source)
        schema, rows = _of_table(flow, source, session), source
    else:
        schema, rows = _of_function(flow, flow.source, reads, session, storage, dataset)
    target = empty_stream(session, schema)
    return target, target if rows is None else rows


def _of_table(flow: SnapshotFlow, source: DataFrame, session: SparkSession) -> StructType:
    from pyspark.sql.types import TimestampType

    from goldlane.pipelines.cdc import snapshot_schema

    if source.isStreaming:
        raise PipelineError(f"{flow.source!r} is a stream, and a snapshot is a whole table", hint="read it as a batch in that view")
    return snapshot_schema(source.schema, flow.spec, TimestampType(), session)


def _of_function(  # noqa: PLR0913  where columns may be known from
    flow: SnapshotFlow, source: SnapshotSource, reads: PlanReads, session: SparkSession, storage: Storage, dataset: Dataset
) -> tuple[StructType, DataFrame | None]:
    """The target's columns, and the rows of the snapshot that showed them, if one did."""
    from goldlane.pipelines.cdc import SnapshotError, snapshot_schema
    from goldlane.pipelines.cdc.versions import version_type

    last = _last_version(flow, dataset, storage)
    known = _known_columns(session, dataset, storage) if last is not None or dataset.schema is not None else None
    try:
        snapshot = source.planned(last, keep=lambda: not reads.inputs)
    except Exception:
        # Tables of the pipeline are empty while it is planned; the flow will say what is wrong when they are not.
        if known is None:
            raise
        return known, None
    if snapshot is not None:
        return snapshot_schema(snapshot.frame.schema, flow.spec, version_type(snapshot.version), session), snapshot.frame
    if known is not None:
        return known, None
    if reads.inputs:
        message = f"the snapshot function reads {', '.join(reads.inputs)}, empty while the pipeline is planned, and so shows no columns"
        raise PipelineError(message, hint=f"declare them: create_streaming_table({dataset.written!r}, schema=...)")
    raise SnapshotError(f"the first call of the snapshot function for {dataset.written} returned None", hint="there must be one snapshot")


def _last_version(flow: SnapshotFlow, dataset: Dataset, storage: Storage) -> Version | None:
    from goldlane.pipelines.cdc import CdcError, SnapshotMemory

    state, table = storage.change_state(flow.target, storage.generation(flow.target)), storage.table(flow.target)
    try:
        return SnapshotMemory(state, table, dataset.written).last
    except CdcError:
        # The flow will say so, unless this update is the full refresh that mends it.
        return None


def _known_columns(session: SparkSession, dataset: Dataset, storage: Storage) -> StructType:
    """The columns that the target was declared with, else those it has."""
    if dataset.schema is not None:
        return parse_schema(dataset.schema).columns
    return session.read.format("delta").load(str(storage.table(dataset.name))).schema
