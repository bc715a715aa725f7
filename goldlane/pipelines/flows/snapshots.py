"""AUTO CDC from snapshots: the target follows a table, or one snapshot after the other of a function."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from goldlane.pipelines.definitions import SnapshotFlow
from goldlane.pipelines.flows.source import batch_counts
from goldlane.pipelines.flows.target import Target
from goldlane.pipelines.outcome import FlowCounts, Status
from goldlane.pipelines.reads import reading
from goldlane.pipelines.unchanged import fingerprint
from goldlane.pipelines.writes import FlowReads

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.pipelines.cdc import Snapshot, SnapshotMemory, SnapshotSource
    from goldlane.pipelines.cdc.versions import Version


def run_snapshots(target: Target, flow: SnapshotFlow) -> Status:
    """Write every snapshot that is new; UNCHANGED when the source must be as it was at the last one."""
    storage, name = target.world.storage, target.planned.dataset.name
    if flow.once and storage.ran_once(name, flow.name, target.generation):
        return Status.COMPLETED
    snapshots = _Snapshots(target, flow)
    source = flow.source
    status = snapshots.follow_table(source) if isinstance(source, str) else snapshots.follow_function(source)
    if flow.once:
        storage.remember_once(name, flow.name, target.generation)
    return status


class _Snapshots:
    """Writes the snapshots of one flow, each remembered with its version."""

    def __init__(self, target: Target, flow: SnapshotFlow) -> None:
        from goldlane.pipelines.cdc import SnapshotMemory

        self._target, self._flow = target, flow
        self._memory: SnapshotMemory = SnapshotMemory(target.change_state, target.path, target.planned.dataset.written)

    def follow_table(self, name: str) -> Status:
        """Write the table's rows of now; the version is the time."""
        reads = FlowReads(self._target.world, self._flow)
        with reading(reads):
            rows = reads.batch(name)
        checked = self._checked(rows, reads)
        state = fingerprint(checked)
        if state is not None and state == self._memory.fingerprint:
            return Status.UNCHANGED
        self._write(checked, _now(self._memory.last), reads, state)
        return Status.COMPLETED

    def follow_function(self, source: SnapshotSource) -> Status:
        """Write snapshots until the function has no newer one.

        Raises:
            SnapshotError: it had none to begin with.
        """
        from goldlane.pipelines.cdc import SnapshotError

        while True:
            reads = FlowReads(self._target.world, self._flow)
            with reading(reads):
                snapshot: Snapshot | None = source.after(self._memory.last)
            if snapshot is None:
                break
            self._write(self._checked(snapshot.frame, reads), snapshot.version, reads)
        if self._memory.last is None:
            name = self._target.planned.dataset.written
            raise SnapshotError(f"the first call of the snapshot function for {name} returned None", hint="there must be one snapshot")
        return Status.COMPLETED

    def _checked(self, rows: DataFrame, reads: FlowReads) -> DataFrame:
        return reads.enforced(rows, self._target.planned.dataset, is_target=False)

    def _write(self, rows: DataFrame, version: Version, reads: FlowReads, state: str | None = None) -> None:
        from goldlane.pipelines.cdc import apply_snapshot

        number = self._memory.count
        with self._memory.writing(version, state):
            changes = apply_snapshot(rows, self._flow.spec, version, target=self._target.path)
        changed = FlowCounts(output_rows=changes.upserted, upserted_rows=changes.upserted, deleted_rows=changes.deleted)
        self._target.on_write(self._flow.name, number, batch_counts(reads) + changed)


def _now(last: Version | None) -> datetime:
    """The time; a little after the last snapshot's where the clock was set back."""
    now = datetime.now(timezone.utc)
    return max(now, last + timedelta(microseconds=1)) if isinstance(last, datetime) else now
