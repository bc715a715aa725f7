"""What a ``foreach_batch_sink`` handler sees: its micro-batch, in a session where the pipeline's names mean the pipeline's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame

from goldlane.pipelines.connectors import Elsewhere
from goldlane.pipelines.errors import MissingTableError
from goldlane.pipelines.injected import PipelineSession
from goldlane.pipelines.reads import NO_OPTIONS, Reads

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.types import StructType


def handler_batch(batch: DataFrame) -> DataFrame:
    """``batch`` in a pipeline's session: Spark hands micro-batches over in a plain one, a clone made for the query."""
    session = PipelineSession(batch.sparkSession.sparkContext, batch._jdf.sparkSession())  # noqa: SLF001  a frame cannot be moved to another session publicly
    return DataFrame(batch._jdf, session)  # noqa: SLF001  as above


class HandlerReads:
    """Answers a handler's reads in the session of its batch, where the handler's own views are, too."""

    def __init__(self, reads: Reads, session: SparkSession) -> None:
        self._reads, self._session = reads, session

    def batch(self, name: str, options: Mapping[str, str] = NO_OPTIONS) -> DataFrame:
        """A table of the pipeline, an input's or the storage's; else what the session itself calls so."""
        if not self._reads.knows(name):
            return self._session.read.options(**options).table(name)
        frame = self._reads.batch(name, options)
        jvm = self._session._jvm  # noqa: SLF001  Spark joins and views only what is of one session
        rows = jvm.org.apache.spark.sql.classic.Dataset.ofRows(self._session._jsparkSession, frame._jdf.logicalPlan())  # type: ignore[union-attr]  # noqa: SLF001  as above
        return DataFrame(rows, self._session)

    def stream(self, name: str, options: Mapping[str, str]) -> DataFrame:
        """What is new in a table."""
        return self._reads.stream(name, options)

    def cloud_files(self, paths: Sequence[str], options: Mapping[str, str], schema: StructType | None) -> DataFrame:
        """Files as they arrive."""
        return self._reads.cloud_files(paths, options, schema)

    def elsewhere(self, source: Elsewhere) -> DataFrame:
        """The rows bound in place of a source."""
        return self._reads.elsewhere(source)

    def knows(self, name: str) -> bool:
        """Whether SQL text that says ``name`` means something of the pipeline's."""
        return self._reads.knows(name)

    def missing(self, name: str) -> MissingTableError:
        """The error for a table that nobody knows."""
        return self._reads.missing(name)

    def location(self, name: str) -> Path | None:
        """Where a table lies."""
        return self._reads.location(name)

    def path(self, path: str) -> str:
        """The mapped path."""
        return self._reads.path(path)
