"""A Delta table held at one version, so that the same rows can be read again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import UsageError, first_line
from goldlane.expectations.delta_places import sql_name

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """Where a Delta table is (a folder, or a name in the catalog), which table that was, and its version."""

    place: str
    table_id: str
    version: int


def newest(spark: SparkSession, place: str | Path) -> Pin:
    """The Delta table at ``place`` in its newest version: a ``Path``, or a text with a slash, is a folder; any other text a name.

    Raises:
        UsageError: there is no Delta table.
    """
    where = str(Path(place).resolve()) if isinstance(place, Path) or ("/" in place and "://" not in place) else place
    return Pin(place=where, table_id=_table_id(spark, where), version=_version(spark, where))


def pinned_frame(spark: SparkSession, pin: Pin) -> DataFrame:
    """The rows of the pinned version; a frame that never changes.

    Raises:
        UsageError: the table is gone, was replaced by another one, or its version can no longer be read.
    """
    from pyspark.errors import PySparkException

    if _table_id(spark, pin.place) != pin.table_id:
        raise UsageError(f"{pin.place} is another table than it was: its Delta id is not {pin.table_id}")
    reader = spark.read.format("delta").option("versionAsOf", pin.version)
    try:
        return reader.load(pin.place) if "/" in pin.place else reader.table(pin.place)
    except PySparkException as gone:
        raise UsageError(f"version {pin.version} of {pin.place} can no longer be read: {first_line(gone)}") from gone


def _table_id(spark: SparkSession, place: str) -> str:
    return str(_described(spark, f"DESCRIBE DETAIL {sql_name(place)}", "id", place))


def _version(spark: SparkSession, place: str) -> int:
    return int(_described(spark, f"DESCRIBE HISTORY {sql_name(place)} LIMIT 1", "version", place))


def _described(spark: SparkSession, statement: str, column: str, place: str) -> str:
    from pyspark.errors import PySparkException

    try:
        (answer,) = spark.sql(statement).select(column).collect()
    except PySparkException as missing:
        hint = "did the run that makes it complete?"
        raise UsageError(f"there is no Delta table at {place}: {first_line(missing)}", hint=hint) from missing
    return str(answer[0])
