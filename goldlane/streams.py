"""Runs one streaming query, micro-batch by micro-batch: until all that has arrived is written, or until somebody stops it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from goldlane.stopping import Stop, StoppedError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.streaming.query import StreamingQuery
    from pyspark.sql.streaming.readwriter import DataStreamWriter

WriteBatch = Callable[["DataFrame", int], None]
_LOOK_EVERY_S = 0.5
# Spark commits a batch that was written in a moment; a sink of its own may be in the middle of one.
_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkFormat:
    """A sink that Spark writes to by itself: Delta outside the pipeline, Kafka, a Python data source."""

    name: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a query runs; ``mode`` is Spark's output mode. ``every`` is the seconds between two triggers, None for all that has arrived."""

    name: str
    checkpoint: Path
    stop: Stop
    mode: str = "append"
    every: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MicroBatch:
    """What Spark reports of one finished micro-batch: all of it in ``progress``; ``observed`` are the metrics of each observation."""

    batch_id: int
    input_rows: int
    late_rows: int
    seconds: float
    observed: Mapping[str, Mapping[str, Any]]
    progress: Mapping[str, Any]


class _Gate:
    """Lets micro-batches through, one at a time, until it is closed; keeps what their writes raise, of which Spark only knows the text."""

    def __init__(self, write: WriteBatch) -> None:
        self._write, self._lock, self._closed = write, Lock(), False
        self.failures: list[BaseException] = []

    def write(self, batch: DataFrame, batch_id: int) -> None:
        with self._lock:
            if self._closed:
                raise StoppedError  # the batch is planned, not written: the next update begins with it
            try:
                self._write(batch, batch_id)
            except BaseException as error:  # kept, and raised again
                self.failures.append(error)
                raise

    def close(self) -> None:
        """Returns when nothing is being written, and nothing will be."""
        with self._lock:
            self._closed = True


def run_stream(frame: DataFrame, write: WriteBatch | SinkFormat, course: Course) -> Iterator[MicroBatch | None]:
    """Start the query, write each micro-batch with ``write``, and yield it when it is done; None now and then while there is nothing.

    What ``write`` raises is raised here as it was, not wrapped by Spark.

    Raises:
        StoppedError: it was asked to stop; the batch that was being written is committed.
    """
    gate = _Gate(_nothing if isinstance(write, SinkFormat) else write)
    writer = frame.writeStream.outputMode(course.mode).option("checkpointLocation", str(course.checkpoint)).queryName(course.name)
    aimed = writer.format(write.name).options(**write.options) if isinstance(write, SinkFormat) else writer.foreachBatch(gate.write)
    query = _triggered(aimed, course.every).start()
    try:
        yield from _finished_batches(query, gate, course.stop)
    finally:
        if query.isActive:
            query.stop()


def _triggered(writer: DataStreamWriter, every: float | None) -> DataStreamWriter:
    if every is None:
        return writer.trigger(availableNow=True)
    return writer.trigger(processingTime=f"{round(every * 1000)} milliseconds")


def _nothing(batch: DataFrame, batch_id: int) -> None:
    """A sink that Spark writes to by itself needs no writing."""


def _finished_batches(query: StreamingQuery, gate: _Gate, stop: Stop) -> Iterator[MicroBatch | None]:
    from pyspark.errors import StreamingQueryException

    progress, failure, over = _Progress(query), None, False
    while not over:
        try:
            over = bool(query.awaitTermination(_LOOK_EVERY_S))  # type: ignore[arg-type]  # it takes fractions
        except StreamingQueryException as error:
            failure, over = error, True
        batches = progress.news()
        yield from batches
        if stop.asked and not over:
            _end(query, gate)
        elif not batches and not over and not query.status["isTriggerActive"]:
            yield None
    if stop.asked:
        raise StoppedError
    if failure is not None:
        raise gate.failures[0] if gate.failures else failure


def _end(query: StreamingQuery, gate: _Gate) -> None:
    """End a query between two micro-batches: the one being written is finished, and committed."""
    gate.close()
    patience = time.monotonic() + _PATIENCE_S
    while query.isActive and query.status["isTriggerActive"] and time.monotonic() < patience:
        time.sleep(0.02)
    query.stop()


class _Progress:
    """What a query reported since the last look; its whole report grows with every batch."""

    def __init__(self, query: StreamingQuery) -> None:
        self._java, self._last = query._jsq, ("", -1)  # noqa: SLF001  recentProgress would read all of it each time

    def news(self) -> list[MicroBatch]:
        """The micro-batches that were finished meanwhile."""
        reports, found, newest = self._java.recentProgress(), [], self._last
        for index in range(len(reports) - 1, -1, -1):
            report = reports[index]
            seen = (str(report.timestamp()), int(report.batchId()))
            if seen == self._last:
                break
            newest = seen if newest == self._last else newest
            if report.durationMs().containsKey("addBatch"):
                found.append(_micro_batch(report))
        self._last = newest
        return found[::-1]


def _micro_batch(report: Any) -> MicroBatch:
    from pyspark.sql.streaming.listener import StreamingQueryProgress

    told = json.loads(report.json())
    progress = StreamingQueryProgress.fromJson(told)
    return MicroBatch(
        batch_id=progress.batchId,
        input_rows=progress.numInputRows,
        late_rows=sum(operator.numRowsDroppedByWatermark for operator in progress.stateOperators),
        seconds=progress.durationMs.get("triggerExecution", 0) / 1000,
        observed={name: row.asDict() for name, row in progress.observedMetrics.items()},
        progress=told,
    )
