"""``spark.read`` and ``spark.readStream`` inside a pipeline: tables by name, mapped paths, Auto Loader, and what lies elsewhere."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame, DataFrameReader, SparkSession
from pyspark.sql.streaming.readwriter import DataStreamReader

from goldlane.pipelines.connectors import Elsewhere, is_elsewhere
from goldlane.pipelines.reads import current_reads, reads_or_none
from goldlane.pipelines.schematext import schema_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyspark.sql.types import StructType

# Where no laptop has anything.
_PLATFORM = re.compile(r"(/Volumes|/mnt|/dbfs|/FileStore|/Workspace)/|(?!file:)\w+:")


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
        super().option(key, mapped(value) if key.lower() == "path" else value)
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
        return super().load(mapped(path), format, schema, **options)


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
            super().option(key, mapped(value) if key.lower() == "path" else value)
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
        return super().load(mapped(path))

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
            given = [*map(mapped, args[:_paths]), *args[_paths:]]
            frame: DataFrame = _original(
                self, *given, **{key: mapped(value) if key.startswith("path") else value for key, value in kwargs.items()}
            )
            return frame

        shorthand.__name__ = name
        setattr(reader, name, shorthand)


def mapped(path: Any) -> Any:
    """``path`` as this machine has it; as it is where no flow reads, for libraries use the active session, too."""
    reads = reads_or_none()
    if reads is None or not isinstance(path, str | list):
        return path
    return reads.path(path) if isinstance(path, str) else [reads.path(one) if isinstance(one, str) else one for one in path]


def _cloud_options(options: Mapping[str, str]) -> dict[str, str]:
    """Auto Loader's options, the schema's place mapped; one that is only on the platform gives way to the pipeline's own."""
    places = {key: str(mapped(value)) for key, value in options.items() if key.lower() == "cloudfiles.schemalocation"}
    return {key: value for key, value in {**options, **places}.items() if key not in places or not _PLATFORM.match(value)}


def _paths(path: str | list[str] | None) -> Iterator[str]:
    given = [path] if isinstance(path, str) else path or []
    yield from (current_reads().path(one) for one in given)


_FORMATS = ("csv", "json", "orc", "parquet", "text", "xml")
_override_paths(PipelineReader, _FORMATS)
_override_paths(PipelineStreamReader, _FORMATS)
