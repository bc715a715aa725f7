"""The ``spark`` that source files see: a real session whose reads by name, and of cloud files, go through the pipeline."""

from __future__ import annotations

import itertools
import re
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, DataFrameReader, SparkSession
from pyspark.sql.conf import RuntimeConfig
from pyspark.sql.streaming.readwriter import DataStreamReader

from goldlane.pipelines.catalogs import PipelineCatalog
from goldlane.pipelines.connectors import Elsewhere, is_elsewhere
from goldlane.pipelines.errors import MissingTableError
from goldlane.pipelines.reads import current_reads, reads_or_none
from goldlane.pipelines.schematext import schema_of
from goldlane.pipelines.sqltext import TableReference, is_governance, replace_paths, replace_tables, table_references
from goldlane.sqlcalls import TableCall, replace_calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pyspark.sql.types import StructType

_view_numbers = itertools.count()
# The session of the flow whose function runs in this thread, where it has settings of its own.
_of_flow: ContextVar[SparkSession | None] = ContextVar("goldlane_flow_session", default=None)
# Where no laptop has anything.
_PLATFORM = re.compile(r"(/Volumes|/mnt|/dbfs|/FileStore|/Workspace)/|(?!file:)\w+:")
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
        text = "SELECT 1 WHERE false" if is_governance(sqlQuery) else replace_calls(sqlQuery, self.table_functions)
        try:
            return super().sql(replace_tables(replace_paths(text, _mapped), self._replacement), args, **kwargs)
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
        return self.view_of(reads.stream(reference.name, {}) if reference.streams else reads.batch(reference.name))

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


class PipelineReader(DataFrameReader):
    """A batch reader whose tables are the pipeline's and whose paths are mapped; it remembers its options as the other does."""

    def __init__(self, spark: SparkSession) -> None:
        super().__init__(spark)
        self._options: dict[str, str] = {}
        self._format: str | None = None

    def format(self, source: str) -> PipelineReader:
        """The source's format."""
        self._format = source
        super().format(source)
        return self

    def option(self, key: str, value: Any) -> PipelineReader:
        """One option of the source."""
        self._options[key] = str(value).lower() if isinstance(value, bool) else str(value)
        super().option(key, value)
        return self

    def options(self, **options: Any) -> PipelineReader:
        """Several options of the source."""
        for key, value in options.items():
            self.option(key, value)
        return self

    def table(self, tableName: str) -> DataFrame:  # noqa: N803  Spark's name
        """A table by name."""
        return current_reads().batch(tableName, self._options)

    def jdbc(self, url: str, table: str, *args: Any, **kwargs: Any) -> DataFrame:
        """A database's table, or what is bound in its place."""
        real = partial(super().jdbc, url, table, *args, **kwargs)
        return current_reads().elsewhere(Elsewhere(format="jdbc", options={"dbtable": table}, streams=False, real=real))

    def load(self, path: Any = None, format: str | None = None, schema: Any = None, **options: Any) -> DataFrame:  # noqa: A002  Spark's name
        """Files of any format, or what is bound in place of a database."""
        source = format or self._format
        if source and is_elsewhere(source):
            real = partial(super().load, path, format, schema, **options)
            return current_reads().elsewhere(Elsewhere(format=source, options={**self._options, **options}, streams=False, real=real))
        return super().load(_mapped(path), format, schema, **options)


class PipelineStreamReader(DataStreamReader):
    """A stream reader that remembers its options, for Spark's own cannot be asked for them."""

    def __init__(self, spark: SparkSession) -> None:
        super().__init__(spark)
        self._format: str | None = None
        self._options: dict[str, str] = {}
        self._schema: StructType | None = None

    def format(self, source: str) -> PipelineStreamReader:
        """The source's format; ``cloudFiles`` is Auto Loader."""
        self._format = source
        if source.lower() != "cloudfiles":
            super().format(source)
        return self

    def schema(self, schema: StructType | str) -> PipelineStreamReader:
        """The schema of the files."""
        self._schema = schema_of(schema)
        super().schema(schema)
        return self

    def option(self, key: str, value: Any) -> PipelineStreamReader:
        """One option of the source."""
        self._options[key] = str(value).lower() if isinstance(value, bool) else str(value)
        if not key.lower().startswith("cloudfiles."):
            super().option(key, value)
        return self

    def options(self, **options: Any) -> PipelineStreamReader:
        """Several options of the source."""
        for key, value in options.items():
            self.option(key, value)
        return self

    def load(self, path: str | None = None, format: str | None = None, schema: Any = None, **options: Any) -> DataFrame:  # noqa: A002  Spark's name
        """The stream of a source."""
        for given, apply in ((format, self.format), (schema, self.schema)):
            if given is not None:
                apply(given)
        self.options(**options)
        if (self._format or "").lower() == "cloudfiles":
            paths = list(_paths(path or self._options.get("path")))
            return current_reads().cloud_files(paths, _cloud_options(self._options), self._schema)
        if self._format and is_elsewhere(self._format):
            real = partial(super().load, path)
            return current_reads().elsewhere(Elsewhere(format=self._format, options=self._options, streams=True, real=real))
        return super().load(_mapped(path))

    def table(self, tableName: str) -> DataFrame:  # noqa: N803  Spark's name
        """What is new in a table."""
        return current_reads().stream(tableName, self._options)


# Only parquet() takes several paths one after the other; what follows the path elsewhere is an option.
_MANY = 1_000_000


def _override_paths(reader: type, formats: tuple[str, ...]) -> None:
    """Give ``reader`` the shorthands (``json(path)``, ...) with mapped paths."""
    for name in formats:
        original = getattr(reader.__mro__[1], name)

        def shorthand(
            self: Any, *args: Any, _original: Any = original, _paths: int = _MANY if name == "parquet" else 1, **kwargs: Any
        ) -> DataFrame:
            given = [*map(_mapped, args[:_paths]), *args[_paths:]]
            frame: DataFrame = _original(
                self, *given, **{key: _mapped(value) if key.startswith("path") else value for key, value in kwargs.items()}
            )
            return frame

        shorthand.__name__ = name
        setattr(reader, name, shorthand)


def _missing_table(error: AnalysisException, text: str) -> MissingTableError | None:
    """The error for the first table of ``text`` that nobody knows, where that is what Spark complains of."""
    reads = reads_or_none()
    if reads is None or error.getCondition() not in _NO_TABLE:
        return None
    return next((reads.missing(table.name) for table in table_references(text) if not reads.knows(table.name)), None)


def _mapped(path: Any) -> Any:
    """``path`` as this machine has it; as it is where no flow reads, for libraries use the active session, too."""
    reads = reads_or_none()
    if reads is None or not isinstance(path, str | list):
        return path
    return reads.path(path) if isinstance(path, str) else [reads.path(one) if isinstance(one, str) else one for one in path]


def _cloud_options(options: Mapping[str, str]) -> dict[str, str]:
    """Auto Loader's options, the schema's place mapped; one that is only on the platform gives way to the pipeline's own."""
    places = {key: str(_mapped(value)) for key, value in options.items() if key.lower() == "cloudfiles.schemalocation"}
    return {key: value for key, value in {**options, **places}.items() if key not in places or not _PLATFORM.match(value)}


def _paths(path: str | list[str] | None) -> Iterator[str]:
    given = [path] if isinstance(path, str) else path or []
    yield from (current_reads().path(one) for one in given)


_FORMATS = ("csv", "json", "orc", "parquet", "text", "xml")
_override_paths(PipelineReader, _FORMATS)
_override_paths(PipelineStreamReader, _FORMATS)
