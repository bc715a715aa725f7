"""Sinks: rows that leave the pipeline, by a format of Spark's or by a handler of the user's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.flows.source import checked_query
from goldlane.pipelines.handlers import HandlerReads, handler_batch
from goldlane.pipelines.outcome import FlowCounts
from goldlane.pipelines.outlets import require_connector, spark_options
from goldlane.pipelines.reads import reading
from goldlane.streams import SinkFormat

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.pipelines.definitions import Outlet, QueryFlow
    from goldlane.pipelines.flows.target import Target
    from goldlane.pipelines.plan import PlannedFlow
    from goldlane.pipelines.writes import FlowReads
    from goldlane.streams import WriteBatch

    Handler = Callable[[DataFrame, int], Any]


class Emit:
    """Sends what a flow reads into a sink; ``update_flow`` sends the rows that changed."""

    def __init__(self, target: Target, planned: PlannedFlow, flow: QueryFlow, outlet: Outlet) -> None:
        self._target, self._planned, self._flow, self._outlet = target, planned, flow, outlet
        self.mode = "update" if flow.updates else "append"

    def source(self, reads: FlowReads) -> DataFrame:
        """The flow's rows."""
        return checked_query(self._target, self._planned, reads)

    @property
    def output(self) -> WriteBatch | SinkFormat:
        """The handler, or the format with its options."""
        if self._outlet.handler is not None:
            return partial(self._hand_over, self._outlet.handler)
        require_connector(self._outlet, self._target.world.session)
        return SinkFormat(name=self._outlet.format, options=spark_options(self._outlet, self._target.world))

    def write(self, batch: DataFrame, batch_id: int) -> None:
        """Send a batch that is no stream's, of a flow that runs once."""
        output = self.output
        if isinstance(output, SinkFormat):
            batch.write.format(output.name).options(**output.options).mode("append").save()
        else:
            output(batch, batch_id)

    def counts(self, batch_id: int) -> FlowCounts:
        """Nothing beside what was observed."""
        del batch_id
        return FlowCounts()

    def _hand_over(self, handler: Handler, batch: DataFrame, batch_id: int) -> None:
        # A handler may use its batch several times; computed once, its rows are the same each time, and counted once.
        batch.persist()
        try:
            with reading(HandlerReads(self._target.world, self._flow, batch.sparkSession)):
                handler(handler_batch(batch), batch_id)
        finally:
            batch.unpersist()
