"""Runs one streaming query until all that has arrived is written, micro-batch by micro-batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.streaming.query import StreamingQuery

WriteBatch = Callable[["DataFrame", int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkFormat:
    """A sink that Spark writes to by itself: Delta outside the pipeline, Kafka, a Python data source."""

    name: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MicroBatch:
    """What Spark reports of one finished micro-batch. ``observed`` holds the metrics of each observation by name."""

    batch_id: int
    input_rows: int
    late_rows: int
    seconds: float
    observed: Mapping[str, Mapping[str, Any]]


def run_stream(
    frame: DataFrame, write: WriteBatch | SinkFormat, *, checkpoint: Path, name: str, mode: str = "append"
) -> Iterator[MicroBatch]:
    """Start the query, write each micro-batch with ``write``, and yield it when it is done; ``mode`` is Spark's output mode.

    What ``write`` raises is raised here as it was, not wrapped by Spark.
    """
    failures: list[BaseException] = []

    writer = frame.writeStream.outputMode(mode).option("checkpointLocation", str(checkpoint))
    if isinstance(write, SinkFormat):
        writer = writer.format(write.name).options(**write.options)
    else:
        writer = writer.foreachBatch(_noting(write, failures))
    query = writer.queryName(name).trigger(availableNow=True).start()
    try:
        yield from _finished_batches(query, failures)
    finally:
        if query.isActive:
            query.stop()


def _noting(write: WriteBatch, failures: list[BaseException]) -> WriteBatch:
    def noted(batch: DataFrame, batch_id: int) -> None:
        try:
            write(batch, batch_id)
        except BaseException as error:  # kept, and raised again: Spark only knows its text
            failures.append(error)
            raise

    return noted


def _finished_batches(query: StreamingQuery, failures: list[BaseException]) -> Iterator[MicroBatch]:
    from pyspark.errors import StreamingQueryException

    seen = -1
    failure: StreamingQueryException | None = None
    running = True
    while running:
        try:
            running = not query.awaitTermination(1)
        except StreamingQueryException as error:
            failure, running = error, False
        for progress in query.recentProgress:
            if progress.batchId > seen and "addBatch" in progress.durationMs:
                seen = progress.batchId
                yield _micro_batch(progress)
    if failure is not None:
        raise failures[0] if failures else failure


def _micro_batch(progress: Any) -> MicroBatch:
    return MicroBatch(
        batch_id=progress.batchId,
        input_rows=progress.numInputRows,
        late_rows=sum(operator.numRowsDroppedByWatermark for operator in progress.stateOperators),
        seconds=progress.durationMs.get("triggerExecution", 0) / 1000,
        observed={name: row.asDict() for name, row in progress.observedMetrics.items()},
    )
