"""AUTO CDC: each batch of change events is merged into the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldlane.pipelines.definitions import ChangeFlow
from goldlane.pipelines.flows.source import checked_changes
from goldlane.pipelines.flows.target import Target
from goldlane.pipelines.outcome import FlowCounts

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.pipelines.writes import FlowReads


class Merge:
    """Merges change events by key and sequence."""

    def __init__(self, target: Target, flow: ChangeFlow) -> None:
        self._target, self._flow = target, flow
        self._counts: dict[int, FlowCounts] = {}
        self.output, self.mode = self.write, "append"

    def source(self, reads: FlowReads) -> DataFrame:
        """The change events."""
        return checked_changes(self._target, self._flow, reads)

    def write(self, batch: DataFrame, batch_id: int) -> None:
        """Merge one batch."""
        from goldlane.pipelines.cdc import apply_batch, with_properties

        spec = with_properties(self._flow.spec, self._target.planned.dataset.table_properties)
        changes = apply_batch(batch, spec, target=self._target.path, state=self._target.change_state)
        self._counts[batch_id] = FlowCounts(output_rows=changes.upserted, upserted_rows=changes.upserted, deleted_rows=changes.deleted)

    def counts(self, batch_id: int) -> FlowCounts:
        """Rows of the target that the batch changed."""
        return self._counts.get(batch_id, FlowCounts())
