"""The calls that a pipeline makes: plan or open a ``cloudFiles`` source, and grow its schema after a stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from goldlane.pipelines.autoloader.columnar import columnar_stream, looks_for_columns, refreshed
from goldlane.pipelines.autoloader.csv_records import csv_stream
from goldlane.pipelines.autoloader.evolution import grow
from goldlane.pipelines.autoloader.files import Source, open_stream
from goldlane.pipelines.autoloader.inference import stored_schema
from goldlane.pipelines.autoloader.json_records import json_stream
from goldlane.pipelines.autoloader.layout import Layout, all_columns, layout_of
from goldlane.pipelines.autoloader.options import Evolution, read_options
from goldlane.pipelines.autoloader.stops import read_stop
from goldlane.pipelines.autoloader.store import SchemaStore, StoredSchema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from goldlane.pipelines.autoloader.errors import SchemaChange


def cloud_files(
    spark: SparkSession, paths: Sequence[str], options: Mapping[str, str], schema: StructType | None, *, schema_location: Path
) -> DataFrame:
    """The streaming frame of ``spark.readStream.format("cloudFiles").options(**options)[.schema(schema)].load(path)``.

    Opening infers and stores the schema the first time, and lists no files afterwards. ``schema_location`` serves unless the options
    name one. ``_metadata`` and its fields resolve on the frame.

    Raises:
        AutoLoaderUsageError: unknown options or format, no such path, an empty folder without a schema.
        AutoLoaderError: the stored schema cannot be read.
    """
    source, stored, layout = _opened(spark, paths, options, schema, schema_location)
    return _frame(source, stored, layout)


def all_files(spark: SparkSession, paths: Sequence[str], options: Mapping[str, str], schema: StructType | None) -> DataFrame:
    """The rows of the files there are now, as a batch, read by the same rules as a stream reads those that arrive.

    Raises:
        AutoLoaderUsageError: as ``cloud_files``.
    """
    with TemporaryDirectory(prefix="goldlane-schema-") as folder:
        source = replace(_source(spark, paths, options, schema, Path(folder)), streams=False)
        stored = stored_schema(source)
    # Only a stream may stop at its first array and be opened again for arrays.
    stored = replace(stored, uniform=stored.uniform and source.options.format != "json")
    return _frame(source, stored, layout_of(source, stored))


def planned_files(
    spark: SparkSession, paths: Sequence[str], options: Mapping[str, str], schema: StructType | None, *, schema_location: Path
) -> DataFrame:
    """The columns of ``cloud_files``, which raises the same, as a stream that nobody must start: a tenth of the time to open."""
    source, _, layout = _opened(spark, paths, options, schema, schema_location)
    return open_stream(source, "json", all_columns(layout))


def evolve(error: BaseException) -> SchemaChange | None:
    """Extend the stored schema after a query of ``cloud_files`` stopped on new columns; rebuild the flow and retry on a result.

    None when the query failed for another reason, or its schemaEvolutionMode keeps the schema as it is (then see ``explain``).
    """
    from pyspark.sql import SparkSession
    from pyspark.sql.types import StructType

    found = read_stop(error)
    if found is None or not (found.evolves or found.columns == ()):
        return None
    spark = SparkSession.getActiveSession() or SparkSession.builder.getOrCreate()
    request = found.request
    given = StructType.fromJson(request["schema"]) if request["schema"] else None
    return grow(_source(spark, request["paths"], request["options"], given, Path(request["location"])), found)


def _frame(source: Source, stored: StoredSchema, layout: Layout) -> DataFrame:
    if source.options.format == "json":
        return json_stream(source, layout)
    return csv_stream(source, layout) if source.options.format == "csv" else columnar_stream(source, layout, stored)


def _opened(
    spark: SparkSession, paths: Sequence[str], options: Mapping[str, str], schema: StructType | None, schema_location: Path
) -> tuple[Source, StoredSchema, Layout]:
    source = _source(spark, paths, options, schema, schema_location)
    stored = stored_schema(source)
    if looks_for_columns(source, source.options.evolution or Evolution.ADD) and stored.version >= 0:
        stored = refreshed(source, stored)
    return source, stored, layout_of(source, stored)


def _source(
    spark: SparkSession, paths: Sequence[str], options: Mapping[str, str], schema: StructType | None, schema_location: Path
) -> Source:
    read = read_options(options)
    location = Path(read.schema_location.removeprefix("file:")) if read.schema_location else schema_location
    request = {
        "location": str(location),
        "paths": list(paths),
        "options": dict(options),
        "schema": schema.jsonValue() if schema is not None else None,
        "evolves": (read.evolution or (Evolution.ADD if schema is None else Evolution.NONE)) is Evolution.ADD,
    }
    return Source(spark=spark, paths=tuple(paths), options=read, store=SchemaStore(location=location), given=schema, request=request)
