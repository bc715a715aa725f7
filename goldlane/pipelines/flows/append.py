"""Appends a batch to a Delta table, once: Delta skips a batch number that it has committed before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldlane.pipelines.flows.source import checked_query
from goldlane.pipelines.flows.target import Target
from goldlane.pipelines.outcome import FlowCounts
from goldlane.pipelines.plan import PlannedFlow

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.pipelines.writes import FlowReads


class Append:
    """Writes what a flow's function reads as new rows."""

    def __init__(self, target: Target, flow: PlannedFlow) -> None:
        self._target, self._flow = target, flow
        self.output, self.mode = self.write, "append"

    def source(self, reads: FlowReads) -> DataFrame:
        """The flow's rows."""
        return checked_query(self._target, self._flow, reads)

    def write(self, batch: DataFrame, batch_id: int) -> None:
        """Append one batch."""
        writer = batch.write.format("delta").mode("append").option("mergeSchema", "true")
        writer = writer.option("txnAppId", self._target.application(self._flow.flow.name)).option("txnVersion", batch_id)
        writer.save(str(self._target.path))

    def counts(self, batch_id: int) -> FlowCounts:
        """Nothing beside what was observed."""
        del batch_id
        return FlowCounts()
