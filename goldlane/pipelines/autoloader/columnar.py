"""Formats that bring their own reader: parquet, avro, xml, text, binaryFile. New columns are looked for in files not yet seen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from goldlane.pipelines.autoloader.errors import AutoLoaderError, AutoLoaderUsageError
from goldlane.pipelines.autoloader.files import instant, open_stream, sample
from goldlane.pipelines.autoloader.layout import partition_columns
from goldlane.pipelines.autoloader.merging import added_names, merged
from goldlane.pipelines.autoloader.options import Evolution
from goldlane.pipelines.autoloader.stops import stop

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

    from goldlane.pipelines.autoloader.files import Source
    from goldlane.pipelines.autoloader.layout import Layout
    from goldlane.pipelines.autoloader.store import StoredSchema

FIXED = ("text", "binaryFile")
_CLOCK_SLACK = 2.0


def columnar_stream(source: Source, layout: Layout, stored: StoredSchema) -> DataFrame:
    """The files' rows; stops on a file that came after the last look for new columns, so that none is dropped unseen."""
    from pyspark.sql import functions as F
    from pyspark.sql.types import StructType

    inner = StructType([field for field in layout.columns.fields if field.name != layout.corrupt])
    stream = open_stream(source, source.options.format, inner, source.options.reader)
    if looks_for_columns(source, layout.evolution):
        late = F.col("_metadata.file_modification_time") > F.lit(instant(source.store.written_at(stored.version)))
        stream = stream.where(F.when(late, stop(F.array().cast("array<string>"), source.request).cast("boolean")).otherwise(True))
    nothing = F.lit(None).cast("string")
    last = [nothing.alias(layout.rescued)] if layout.rescued else []
    columns = [nothing.alias(name) if name == layout.corrupt else F.col(f"`{name}`") for name in layout.columns.names]
    return stream.select(*columns, *partition_columns(layout), *last)


def columnar_columns(source: Source, files: Sequence[str]) -> StructType:
    """The columns of all ``files`` together.

    Raises:
        AutoLoaderUsageError: Spark has no reader for the format (avro needs its package).
    """
    from pyspark.errors import AnalysisException
    from pyspark.sql.types import StructType

    if source.options.format in FIXED:
        fixed = {"text": StructType().add("value", "string"), "binaryFile": _binary_columns()}
        return fixed[source.options.format]
    try:
        reader = source.spark.read.format(source.options.format).options(**{**source.options.reader, "mergeSchema": "true"})
        return reader.option("recursiveFileLookup", "true").load(list(files)).schema
    except AnalysisException as error:
        if "AVRO" not in str(error).upper():
            raise
        raise AutoLoaderUsageError(
            "cloudFiles: this Spark session cannot read avro",
            hint="start it with spark.jars.packages=org.apache.spark:spark-avro_2.13:4.2.0",
        ) from error


def _binary_columns() -> StructType:
    from pyspark.sql.types import StructType

    return StructType().add("path", "string").add("modificationTime", "timestamp").add("length", "long").add("content", "binary")


def looks_for_columns(source: Source, evolution: Evolution) -> bool:
    """Whether new columns of such files matter: not where a schema was given, nor where the format has one of its own."""
    return source.given is None and source.options.format not in {*FIXED, "json", "csv"} and evolution in {Evolution.ADD, Evolution.FAIL}


def refreshed(source: Source, stored: StoredSchema) -> StoredSchema:
    """``stored``, or the version that holds what files add which came since it was last looked at.

    Raises:
        AutoLoaderError: they add columns, and schemaEvolutionMode is failOnNewColumns.
    """
    before = time.time()
    newer = sample(source, since=source.store.written_at(stored.version) - _CLOCK_SLACK)
    grown = merged(stored.columns, columnar_columns(source, newer)) if newer else stored.columns
    added = added_names(stored.columns, grown)
    if added and source.options.evolution is Evolution.FAIL:
        raise AutoLoaderError(
            f"cloudFiles met columns that its schema does not know: {', '.join(added)} in the files since {newer[0]}",
            hint="extend schemaHints, set cloudFiles.schemaEvolutionMode to addNewColumns or rescue, or remove the files",
        )
    if added:
        stored = source.store.add(replace(stored, columns=grown))
    source.store.looked_at(stored.version, before)
    return stored
