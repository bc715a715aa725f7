"""Delta tables that a caller names: by a path, which holds a slash, or by a name of the session's catalog."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.expectations.literal import quoted_name

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def sql_name(place: str) -> str:
    """The table in SQL text."""
    path = _path(place)
    return f"delta.{quoted_name(path)}" if path else place


def rows_of(spark: SparkSession, place: str) -> DataFrame:
    """Its rows as they are now."""
    path = _path(place)
    return spark.read.format("delta").load(path) if path else spark.read.table(place)


def exists(spark: SparkSession, place: str) -> bool:
    """Whether there is such a table already."""
    from pyspark.errors import AnalysisException

    try:
        _ = rows_of(spark, place).schema
    except AnalysisException:
        return False
    return True


def lacks(spark: SparkSession, place: str, columns: Sequence[str]) -> list[str]:
    """Those of ``columns`` that the table does not have; none where there is no table yet."""
    if not exists(spark, place):
        return []
    there = {name.lower() for name in rows_of(spark, place).columns}
    return [name for name in columns if name.lower() not in there]


def append(rows: DataFrame, place: str, transaction: tuple[str, int] | None) -> None:
    """Write ``rows`` to the end of the table, made when it is not there; a ``transaction`` (writer, number) that it knows is skipped."""
    writer = rows.write.format("delta").mode("append")
    if transaction is not None:
        application, version = transaction
        writer = writer.option("txnAppId", application).option("txnVersion", str(version))
    path = _path(place)
    if path:
        writer.save(path)
    else:
        writer.saveAsTable(place)


def _path(place: str) -> str | None:
    """The path, from Python's working folder, which need not be the JVM's; None for a name."""
    if "/" not in place:
        return None
    return place if ":/" in place else str(Path(place).absolute())
