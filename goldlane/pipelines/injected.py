"""The ``spark`` that source files see: a real session whose reads by name, and of cloud files, go through the pipeline."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame, DataFrameReader, SparkSession
from pyspark.sql.catalog import Catalog
from pyspark.sql.conf import RuntimeConfig
from pyspark.sql.streaming.readwriter import DataStreamReader

from goldlane.pipelines.reads import current_reads, reads_or_none
from goldlane.pipelines.schematext import schema_of
from goldlane.pipelines.sqltext import TableReference, replace_tables
from goldlane.sqlcalls import TableCall, replace_calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyspark.sql.types import StructType

_view_numbers = itertools.count()
# The session of the flow whose function runs in this thread, where it has settings of its own.
_of_flow: ContextVar[SparkSession | None] = ContextVar("goldlane_flow_session", default=None)


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
    def catalog(self) -> Catalog:
        """The catalog; as ``conf``."""
        return Catalog(self)

    @property
    def read(self) -> PipelineReader:
        """A batch reader."""
        return PipelineReader(self)

    @property
    def readStream(self) -> PipelineStreamReader:  # noqa: N802  Spark's name
        """A stream reader that knows ``cloudFiles``."""
        return PipelineStreamReader(self)

    def table(self, tableName: str) -> DataFrame:  # noqa: N803  Spark's name
        """A table by name: the pipeline's, an input's, the storage's or the catalog's."""
        return current_reads().batch(tableName)

    def sql(self, sqlQuery: str, args: Any = None, **kwargs: Any) -> DataFrame:  # noqa: N803  Spark's names
        """SQL whose table names mean what they mean in ``table``; ``STREAM(x)`` and ``LIVE.x`` included."""
        text = replace_calls(sqlQuery, self.table_functions)
        return super().sql(replace_tables(text, self._replacement), args, **kwargs)

    def setting(self, key: str) -> str | None:
        """What ``${key}`` of a SQL file means; None when nobody gave it."""
        return self.conf.get(key, None)

    def _replacement(self, reference: TableReference) -> str | None:
        reads = current_reads()
        if not reads.knows(reference.name):
            return None
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
    """A batch reader whose tables are the pipeline's and whose paths are mapped."""

    def table(self, tableName: str) -> DataFrame:  # noqa: N803  Spark's name
        """A table by name."""
        return current_reads().batch(tableName)

    def load(self, path: Any = None, format: str | None = None, schema: Any = None, **options: Any) -> DataFrame:  # noqa: A002  Spark's name
        """Files of any format."""
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
            return current_reads().cloud_files(paths, self._options, self._schema)
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


def _mapped(path: Any) -> Any:
    """``path`` as this machine has it; as it is where no flow reads, for libraries use the active session, too."""
    reads = reads_or_none()
    if reads is None or not isinstance(path, str | list):
        return path
    return reads.path(path) if isinstance(path, str) else [reads.path(one) if isinstance(one, str) else one for one in path]


def _paths(path: str | list[str] | None) -> Iterator[str]:
    given = [path] if isinstance(path, str) else path or []
    yield from (current_reads().path(one) for one in given)


_FORMATS = ("csv", "json", "orc", "parquet", "text", "xml")
_override_paths(PipelineReader, _FORMATS)
_override_paths(PipelineStreamReader, _FORMATS)
