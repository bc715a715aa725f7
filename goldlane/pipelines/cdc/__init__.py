"""AUTO CDC: change events, or whole snapshots, merged into a Delta table by key and sequence, as SCD type 1 or 2.

Any order and any batching of the same events ends in the same table; what must be remembered beside the target lies in its state.
Importing this needs neither Spark nor Java.
"""

from __future__ import annotations

from goldlane.pipelines.cdc.apply import Changes, apply_batch, target_schema
from goldlane.pipelines.cdc.errors import CdcError, RefusedChangesError, SnapshotError
from goldlane.pipelines.cdc.memory import SnapshotMemory
from goldlane.pipelines.cdc.properties import with_properties
from goldlane.pipelines.cdc.snapshots import SnapshotSpec, apply_snapshot, snapshot_schema
from goldlane.pipelines.cdc.sources import Snapshot, SnapshotSource
from goldlane.pipelines.cdc.spec import ChangeSpec

__all__ = [
    "CdcError",
    "ChangeSpec",
    "Changes",
    "RefusedChangesError",
    "Snapshot",
    "SnapshotError",
    "SnapshotMemory",
    "SnapshotSource",
    "SnapshotSpec",
    "apply_batch",
    "apply_snapshot",
    "snapshot_schema",
    "target_schema",
    "with_properties",
]
