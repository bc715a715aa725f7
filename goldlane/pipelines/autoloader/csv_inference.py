"""The schema of CSV files: the names of all headers in order of first appearance, types as Spark infers them for each header."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import TYPE_CHECKING

from goldlane.pipelines.autoloader.files import plain_path
from goldlane.pipelines.autoloader.merging import widened

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.types import StructType

    from goldlane.pipelines.autoloader.options import Options


def csv_columns(spark: SparkSession, files: Sequence[str], options: Options) -> tuple[StructType, bool]:
    """The columns of ``files``, texts unless types are inferred, and whether all headers are equal. Empty names are Spark's ``_c3``."""
    groups = _headers(spark, files, options) if options.flag("header") else {(): list(files)}
    inferred = None
    for names, members in groups.items():
        found = _renamed(_inferred(spark, members, options), names)
        inferred = found if inferred is None else widened(inferred, found)
    if inferred is None:
        from pyspark.sql.types import StructType

        inferred = StructType()
    return inferred, len(groups) <= 1


def _inferred(spark: SparkSession, files: Sequence[str], options: Options) -> StructType:
    reader = {key: value for key, value in options.reader.items() if key.lower() not in {"mode", "columnnameofcorruptrecord"}}
    return spark.read.options(**{**reader, "inferSchema": str(options.infer_types).lower()}).csv(list(files)).schema


def _renamed(schema: StructType, names: Sequence[str]) -> StructType:
    """``schema`` under the header's own names: Spark appends positions to names that differ by case only."""
    from pyspark.sql.types import StructField, StructType

    if len(names) != len(schema.fields):
        return schema
    chosen = [name or field.name for name, field in zip(names, schema.fields, strict=True)]
    unique = len({name.lower() for name in chosen}) == len(chosen)
    return StructType([StructField(name, field.dataType) for name, field in zip(chosen, schema.fields, strict=True)]) if unique else schema


def _headers(spark: SparkSession, files: Sequence[str], options: Options) -> dict[tuple[str, ...], list[str]]:
    """The files by their header, in the order of ``files``; files without a line are left out."""
    from pyspark.sql import functions as F

    lines = spark.read.text(list(files)).where((F.trim("value") != "") & (F.col("_metadata.file_block_start") == 0))
    located = lines.select(F.col("_metadata.file_path").alias("file"), F.monotonically_increasing_id().alias("at"), "value")
    first = located.groupBy("file").agg(F.min_by("value", "at").alias("header")).collect()
    found = {plain_path(row["file"]): row["header"] for row in first}
    groups: dict[tuple[str, ...], list[str]] = {}
    for file in files:
        if plain_path(file) in found:
            groups.setdefault(_split(found[plain_path(file)], options), []).append(file)
    return groups


def _split(header: str, options: Options) -> tuple[str, ...]:
    separator = options.text("sep", options.text("delimiter", ",")).replace("\\t", "\t")
    if len(separator) != 1:
        return tuple(name.strip() for name in header.split(separator))
    return tuple(next(csv.reader([header], delimiter=separator, quotechar=options.text("quote", '"') or '"')))
