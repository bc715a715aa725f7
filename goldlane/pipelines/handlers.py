"""What a ``foreach_batch_sink`` handler sees: its micro-batch, in a session where the pipeline's names mean the pipeline's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame

from goldlane.pipelines.connectors import Elsewhere
from goldlane.pipelines.definitions import Flow
from goldlane.pipelines.errors import MissingTableError, PipelineError
from goldlane.pipelines.injected import PipelineSession
from goldlane.pipelines.reads import NO_OPTIONS, WritesByName, reads_or_none
from goldlane.pipelines.sqltargets import replace_targets
from goldlane.pipelines.writes import FlowReads, World

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.types import StructType


class HandlerSession(PipelineSession):
    """The session of a handler's batch: SQL text may also write to a table of the storage by its name."""

    def sql(self, sqlQuery: str, args: Any = None, **kwargs: Any) -> DataFrame:  # noqa: N803  Spark's names
        """SQL whose table names mean the pipeline's, the inputs' and the storage's tables, whether it reads or writes them."""
        reads = reads_or_none()
        text = replace_targets(sqlQuery, reads.target) if isinstance(reads, WritesByName) else sqlQuery
        return super().sql(text, args, **kwargs)


def handler_batch(batch: DataFrame) -> DataFrame:
    """``batch`` in a pipeline's session: Spark hands micro-batches over in a plain one, a clone made for the query."""
    session = HandlerSession(batch.sparkSession.sparkContext, batch._jdf.sparkSession())  # noqa: SLF001  a frame cannot be moved to another session publicly
    return DataFrame(batch._jdf, session)  # noqa: SLF001  as above


class HandlerReads:
    """Answers a handler's reads in the session of its batch, where the handler's own views are, too."""

    def __init__(self, world: World, flow: Flow, session: SparkSession) -> None:
        self._reads, self._world, self._session = FlowReads(world, flow), world, session

    def written(self, name: str) -> Path | None:
        """Where a table of that name is written: an input's or the storage's; None where it is the session's own.

        Raises:
            PipelineError: the pipeline defines it, and only its own flows may write there.
        """
        qualified = self._world.names.of(name)
        if qualified.key in self._world.plan.datasets:
            raise PipelineError(f"a handler writes to {name!r}, which this pipeline defines", hint="let a flow write there (append_flow)")
        return self._world.externals.written(qualified, name)

    def target(self, name: str) -> str | None:
        """``written`` as SQL text says it."""
        path = self.written(name)
        return f"delta.`{path}`" if path else None

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
