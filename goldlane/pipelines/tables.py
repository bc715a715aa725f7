"""Delta tables of a pipeline: made from a plan, replaced in one commit, or merged so that only what differs is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.pipelines.plan import PlannedDataset
from goldlane.pipelines.tableproperties import storable_properties

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType


def create_table(session: SparkSession, planned: PlannedDataset, path: Path) -> bool:
    """Make the table where there is none, and say so: columns, comment, properties, partitions; the change feed on when it has a key."""
    from delta.tables import DeltaTable

    if (path / "_delta_log").is_dir():
        return False
    dataset = planned.dataset
    builder = DeltaTable.createIfNotExists(session).location(str(path)).addColumns(planned.schema)
    feed = {"delta.enableChangeDataFeed": "true"} if planned.primary_key else {}
    for key, value in {**feed, **storable_properties(dataset.table_properties, planned.kind)}.items():
        builder = builder.property(key, value)
    if dataset.comment:
        builder = builder.comment(dataset.comment)
    if dataset.partition_cols:
        builder = builder.partitionedBy(*dataset.partition_cols)
    elif dataset.cluster_by:
        builder = builder.clusterBy(*dataset.cluster_by)
    builder.execute()
    return True


def replace_content(frame: DataFrame, planned: PlannedDataset, path: Path) -> None:
    """One commit after which the table holds exactly ``frame``, its schema included."""
    if _same_columns(frame.schema, _columns(frame.sparkSession, path)):
        frame.write.format("delta").mode("overwrite").save(str(path))
    else:
        _replace_columns(frame, planned, path)


def merge_content(frame: DataFrame, planned: PlannedDataset, path: Path) -> None:
    """One commit after which the table equals ``frame``, and whose change feed holds only the rows that differ."""
    from delta.tables import DeltaTable

    session = frame.sparkSession
    if not _same_columns(frame.schema, _columns(session, path)) or _is_empty(session, path):
        replace_content(frame, planned, path)
        return
    same_key = " AND ".join(f"target.`{column}` <=> source.`{column}`" for column in planned.primary_key)
    columns = [f"`{column}`" for column in planned.schema.names]
    differs = " OR ".join(
        f"NOT (target.{column} <=> source.{column})" for column in columns if column.strip("`") not in planned.primary_key
    )
    merge = DeltaTable.forPath(session, str(path)).alias("target").merge(frame.alias("source"), same_key)
    merge.whenMatchedUpdateAll(differs or "false").whenNotMatchedInsertAll().whenNotMatchedBySourceDelete().execute()


def empty_table(session: SparkSession, planned: PlannedDataset, path: Path) -> None:
    """Empty the table in one commit, and give it the planned schema where that is another: a full refresh begins."""
    from delta.tables import DeltaTable

    from goldlane.pipelines.standins import empty_batch

    if _same_columns(planned.schema, _columns(session, path)):
        # An overwrite would lose NOT NULL.
        DeltaTable.forPath(session, str(path)).delete()
    else:
        _replace_columns(empty_batch(session, planned.schema), planned, path)


def table_version(session: SparkSession, path: Path) -> int:
    """The newest Delta version of a table."""
    log = session._jvm.org.apache.spark.sql.delta.DeltaLog.forTable(session._jsparkSession, str(path))  # type: ignore[union-attr]  # noqa: SLF001  history() would run a job
    return int(log.update(False, session._jvm.scala.Option.empty(), session._jvm.scala.Option.empty()).version())  # type: ignore[union-attr]  # noqa: SLF001  as above


def _replace_columns(frame: DataFrame, planned: PlannedDataset, path: Path) -> None:
    writer = frame.write.format("delta").mode("overwrite").option("overwriteSchema", "true")
    # Left unsaid, they are lost with the old columns.
    if planned.dataset.partition_cols:
        writer = writer.partitionBy(*planned.dataset.partition_cols)
    writer.save(str(path))


def _columns(session: SparkSession, path: Path) -> StructType:
    return session.read.format("delta").load(str(path)).schema


def _same_columns(left: StructType, right: StructType) -> bool:
    return [(column.name, column.dataType.simpleString()) for column in left] == [
        (column.name, column.dataType.simpleString()) for column in right
    ]


def _is_empty(session: SparkSession, path: Path) -> bool:
    return session.read.format("delta").load(str(path)).isEmpty()
