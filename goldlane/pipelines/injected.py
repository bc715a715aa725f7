"""The ``spark`` that source files see: a real session whose names, files and brokers are the pipeline's."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.conf import RuntimeConfig

from goldlane.pipelines.catalogs import PipelineCatalog
from goldlane.pipelines.errors import MissingTableError
from goldlane.pipelines.readers import PipelineReader, PipelineStreamReader, mapped
from goldlane.pipelines.reads import current_reads, reads_or_none
from goldlane.pipelines.sqltext import TableReference, is_governance, replace_paths, replace_tables, table_references
from goldlane.pipelines.sqlvariables import substitute
from goldlane.sqlcalls import TableCall, replace_calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_view_numbers = itertools.count()
# The session of the flow whose function runs in this thread, where it has settings of its own.
_of_flow: ContextVar[SparkSession | None] = ContextVar("goldlane_flow_session", default=None)
# Spark's own catalog takes two parts, and only of schemas and catalogs that it has.
_NO_TABLE = {"TABLE_OR_VIEW_NOT_FOUND", "REQUIRES_SINGLE_PART_NAMESPACE", "CATALOG_NOT_FOUND", "SCHEMA_NOT_FOUND"}


class PipelineSession(SparkSession):
    """A SparkSession on a clone of the user's: settings made by a pipeline stay in it.

    ``table_functions`` answer calls in SQL text, by names in lower case, with the text that stands for them.
    """

    def __init__(self, sparkContext: Any, jsparkSession: Any) -> None:  # noqa: N803  Spark's names
        super().__init__(sparkContext, jsparkSession)
        self.table_functions: dict[str, Callable[[TableCall], str]] = {}

    @property
    def _jsparkSession(self) -> Any:  # noqa: N802  Spark's name
        """The session in the JVM: the flow's own while its function runs."""
        flow = _of_flow.get()
        return self._own if flow is None else flow._jsparkSession  # noqa: SLF001  what this property is

    @_jsparkSession.setter
    def _jsparkSession(self, java: Any) -> None:  # noqa: N802  Spark's name
        self._own = java

    @property
    def conf(self) -> RuntimeConfig:
        """Settings; Spark's own property would keep the first answer."""
        return RuntimeConfig(self._jsparkSession.conf())

    @property
    def read(self) -> PipelineReader:
        """A batch reader."""
        return PipelineReader(self)

    @property
    def readStream(self) -> PipelineStreamReader:  # noqa: N802  Spark's name
        """A stream reader that knows ``cloudFiles``."""
        return PipelineStreamReader(self)

    @property
    def catalog(self) -> PipelineCatalog:
        """A catalog that knows the pipeline's tables; made each time, as ``conf``."""
        return PipelineCatalog(self)

    def table(self, tableName: str) -> DataFrame:  # noqa: N803  Spark's name
        """A table by name: the pipeline's, an input's, the storage's or the catalog's."""
        return current_reads().batch(tableName)

    def sql(self, sqlQuery: str, args: Any = None, **kwargs: Any) -> DataFrame:  # noqa: N803  Spark's names
        """SQL whose table names mean what they mean in ``table``; ``STREAM(x)`` and ``LIVE.x`` included."""
        text = substitute(sqlQuery, self.setting)
        text = "SELECT 1 WHERE false" if is_governance(text) else replace_calls(text, self.table_functions)
        try:
            return super().sql(replace_tables(replace_paths(text, mapped), self._replacement, with_clauses=True), args, **kwargs)
        except AnalysisException as error:
            raise _missing_table(error, text) or error from None

    def setting(self, key: str) -> str | None:
        """What ``${key}`` of a SQL file means; None when nobody gave it."""
        return self.conf.get(key, None)

    def _replacement(self, reference: TableReference) -> str | None:
        reads = current_reads()
        if not reads.knows(reference.name):
            return None
        place = reads.location(reference.name) if reference.travels else None
        if place is not None:
            return f"delta.`{place}`"
        if not reference.streams:
            return self.view_of(reads.batch(reference.name))
        stream, time = reads.stream(reference.name, reference.options), reference.watermark
        return self.view_of(stream.withWatermark(time.column, time.delay) if time else stream)

    @staticmethod
    def view_of(frame: DataFrame) -> str:
        """A name by which SQL text can read ``frame``."""
        name = f"__goldlane_{next(_view_numbers)}"
        frame.createOrReplaceTempView(name)
        return name


@contextmanager
def in_flow(session: SparkSession) -> Iterator[None]:
    """Let the ``spark`` of sources mean ``session`` in this thread."""
    token = _of_flow.set(session)
    try:
        yield
    finally:
        _of_flow.reset(token)


def _missing_table(error: AnalysisException, text: str) -> MissingTableError | None:
    """The error for the first table of ``text`` that nobody knows, where that is what Spark complains of."""
    reads = reads_or_none()
    if reads is None or error.getCondition() not in _NO_TABLE:
        return None
    return next((reads.missing(table.name) for table in table_references(text) if not reads.knows(table.name)), None)
