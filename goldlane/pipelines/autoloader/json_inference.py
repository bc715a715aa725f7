"""The schema of JSON files: names and types as Spark infers them, in the order in which fields first appear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from goldlane.pipelines.autoloader.layout import CORRUPT
from goldlane.pipelines.autoloader.local_files import first_lines

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.types import StructType

    from goldlane.pipelines.autoloader.options import Options

_FIRST_RECORDS = 100


def has_arrays(spark: SparkSession, file: str) -> bool:
    """Whether one of the first records of ``file`` is an array of objects."""
    from pyspark.sql import functions as F

    lines = first_lines(file, _FIRST_RECORDS)
    if lines is not None:
        return any(line.lstrip(" ").startswith("[") for line in lines)
    return bool(spark.read.text(file).limit(_FIRST_RECORDS).where(F.ltrim("value").startswith("[")).take(1))


def json_columns(spark: SparkSession, files: Sequence[str], options: Options) -> StructType:
    """The columns of ``files``: texts unless types are inferred; fields of the oldest file's first records lead, the rest by name.

    Of names that differ by case only the first stays.
    """
    from pyspark.sql.types import StringType, StructField, StructType

    found = {field.name: field for field in _inferred(spark, files, options).fields if field.name != CORRUPT}
    order = {name: index for index, name in enumerate(_first_seen(spark, files[0], options))}
    fields: dict[str, StructField] = {}
    for name in sorted(found, key=lambda name: (order.get(name, len(order)), name)):
        kind = found[name].dataType if options.infer_types else StringType()
        fields.setdefault(name.lower(), StructField(name, kind))
    return StructType(list(fields.values()))


def _inferred(spark: SparkSession, files: Sequence[str], options: Options) -> StructType:
    from pyspark.errors import AnalysisException

    given = {key: value for key, value in options.reader.items() if key.lower() not in {"inferschema", "mode"}}
    reader = {**given, "columnNameOfCorruptRecord": CORRUPT, "primitivesAsString": str(not options.infer_types)}
    try:
        return spark.read.options(**reader).json(list(files)).schema
    except AnalysisException as error:
        if error.getCondition() != "COLUMN_ALREADY_EXISTS":
            raise
    # Names that differ by case: only a session that tells them apart infers them, and the caller's settings are not ours to change.
    exact = spark.newSession()
    exact.conf.set("spark.sql.caseSensitive", "true")
    return exact.read.options(**reader).json(list(files)).schema


def _first_seen(spark: SparkSession, file: str, options: Options) -> list[str]:
    from pyspark.sql import functions as F

    if options.flag("multiLine"):
        return []
    lines = spark.read.text(file).limit(_FIRST_RECORDS).select(F.json_object_keys("value").alias("keys")).collect()
    return list(dict.fromkeys(key for line in lines for key in line["keys"] or ()))
