"""REPLACE USING: of each key the target keeps the rows of its newest sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldlane.pipelines.flows.source import checked_query
from goldlane.pipelines.flows.target import Target
from goldlane.pipelines.outcome import FlowCounts

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.pipelines.definitions import Replacement
    from goldlane.pipelines.plan import PlannedFlow
    from goldlane.pipelines.writes import FlowReads


class Replace:
    """Replaces rows key by key."""

    def __init__(self, target: Target, flow: PlannedFlow, replacement: Replacement) -> None:
        self._target, self._flow, self._replacement = target, flow, replacement
        self._inserted: dict[int, int] = {}
        self.output, self.mode = self.write, "append"

    def source(self, reads: FlowReads) -> DataFrame:
        """The flow's rows; how many of them arrive is counted by the writer."""
        return checked_query(self._target, self._flow, reads, is_target=False)

    def write(self, batch: DataFrame, batch_id: int) -> None:
        """Replace by one batch, which is read more than once and so kept meanwhile."""
        from goldlane.pipelines.replacing import replace_rows

        batch.persist()
        try:
            writer = (self._target.application(self._flow.flow.name), batch_id)
            self._inserted[batch_id] = replace_rows(batch, self._target.path, self._replacement, writer=writer)
        finally:
            batch.unpersist()

    def counts(self, batch_id: int) -> FlowCounts:
        """Rows that came into the table."""
        return FlowCounts(output_rows=self._inserted.get(batch_id, 0))
