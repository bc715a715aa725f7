"""One snapshot of a table, compared with what the target holds: only what differs is written, and absent keys are deleted."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from goldlane.pipelines.cdc.apply import Changes, taking_turns
from goldlane.pipelines.cdc.errors import CdcError
from goldlane.pipelines.cdc.spec import ChangeSpec

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import DataType, StructType

    from goldlane.pipelines.cdc.versions import Version


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SnapshotSpec:
    """How the snapshots of a table change ``target``; a snapshot's version stands where a change has its sequence.

    Raises:
        CdcError: every mistake in the declaration, at once.
    """

    target: str
    keys: tuple[str, ...]
    scd_type: Literal[1, 2] = 1
    track_history_column_list: tuple[str, ...] | None = None
    track_history_except_column_list: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.scd_type not in (1, 2):
            raise CdcError(f"the change flow into {self.target}: stored_as_scd_type must be 1 or 2, not {self.scd_type!r}")
        checked = self._as_changes("NULL")
        for field in fields(self):
            object.__setattr__(self, field.name, getattr(checked, field.name))

    def changes(self, version: DataType) -> ChangeSpec:
        """The same for changes whose sequence has the versions' type."""
        return self._as_changes(f"CAST(NULL AS {version.simpleString()})")

    def _as_changes(self, sequence: str) -> ChangeSpec:
        return ChangeSpec(sequence_by=sequence, **{field.name: getattr(self, field.name) for field in fields(self)})


def snapshot_schema(source: StructType, spec: SnapshotSpec, version: DataType, spark: SparkSession) -> StructType:
    """The columns of the target; type 2 adds its two bounds, of the versions' type.

    Raises:
        CdcError: the spec names columns that the source lacks, or a bound's name is taken; all of them at once.
    """
    from goldlane.pipelines.cdc.columns import planned_schema

    return planned_schema(source, spec.changes(version), spark)


def apply_snapshot(snapshot: DataFrame, spec: SnapshotSpec, version: Version, *, target: Path) -> Changes:
    """Bring the Delta table at ``target`` to what ``snapshot`` says; nothing is committed where nothing differs.

    The comparison is with the table itself, so that repeating a snapshot, also after a crash, changes nothing.

    Raises:
        CdcError: the spec does not fit the snapshot or the target.
        RefusedChangesError: keys that are NULL or not unique; nothing was written.
    """
    from goldlane.pipelines.cdc.columns import read_layout
    from goldlane.pipelines.cdc.differences import write_differences
    from goldlane.pipelines.cdc.target import Target
    from goldlane.pipelines.cdc.versions import version_type

    if snapshot.isStreaming:
        raise CdcError(f"the snapshot for {spec.target} is a stream", hint="read its source as a batch (spark.read, dlt.read)")
    changes = spec.changes(version_type(version))
    with taking_turns(target):
        table = Target(snapshot.sparkSession, target, changes)
        schema = table.planned(snapshot.schema)
        layout = read_layout(snapshot.schema, schema, changes, skipped=table.computed(snapshot.schema))
        upserted, deleted = write_differences(snapshot, layout, table, version)
    return Changes(upserted=upserted, deleted=deleted)
