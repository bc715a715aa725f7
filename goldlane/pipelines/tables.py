"""Delta tables of a pipeline: made from a plan, replaced in one commit, or merged so that only what differs is written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.declared import properties_of
from goldlane.pipelines.plan import PlannedDataset
from goldlane.pipelines.promises import checked_key, checked_nulls

if TYPE_CHECKING:
    from delta.tables import DeltaTableBuilder
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType


def create_table(session: SparkSession, planned: PlannedDataset, path: Path) -> None:
    """Make the table as it is declared: columns, comment, properties, partitions or clustering."""
    from delta.tables import DeltaTable

    _as_declared(DeltaTable.createIfNotExists(session), planned, path).execute()


def replace_content(frame: DataFrame, planned: PlannedDataset, path: Path, *, unique: bool = True) -> None:
    """One commit after which the table holds exactly ``frame``, its schema and partitions included; not ``unique``: doubled keys, too."""
    session = frame.sparkSession
    frame = checked_nulls(in_declared_order(frame, planned), planned)
    frame = checked_key(frame, planned) if unique else frame
    if not (fits(frame, planned, path) and has_partitions(session, planned, path)):
        _replace_columns(frame, planned, path)
        return
    writer = frame.write.format("delta").mode("overwrite")
    if planned.dataset.cluster_by:
        # A plain overwrite makes the table anew, and forgets its clustering.
        writer = writer.option("replaceWhere", "true")
    writer.save(str(path))


def merge_content(frame: DataFrame, planned: PlannedDataset, path: Path) -> None:
    """One commit after which the table equals ``frame``, and whose change feed holds only the rows that differ."""
    from delta.tables import DeltaTable

    session, frame = frame.sparkSession, in_declared_order(frame, planned)
    if not (fits(frame, planned, path) and has_partitions(session, planned, path)) or _is_empty(session, path):
        replace_content(frame, planned, path)
        return
    same_key = " AND ".join(f"target.`{column}` <=> source.`{column}`" for column in planned.primary_key)
    values = {f"`{column}`": f"source.`{column}`" for column in frame.columns}
    differs = " OR ".join(
        f"NOT (target.{column} <=> {value})" for column, value in values.items() if column.strip("`") not in planned.primary_key
    )
    source = checked_key(checked_nulls(frame, planned), planned)
    merge = DeltaTable.forPath(session, str(path)).alias("target").merge(source.alias("source"), same_key)
    merge = merge.whenMatchedUpdate(differs or "false", set=dict(values)).whenNotMatchedInsert(values=dict(values))
    merge.whenNotMatchedBySourceDelete().execute()


def empty_table(session: SparkSession, planned: PlannedDataset, path: Path, *, as_before: bool) -> None:
    """Empty the table in one commit, which also makes it what is declared now unless that is ``as_before``: a full refresh begins."""
    from delta.tables import DeltaTable

    stored = session.read.format("delta").load(str(path)).schema
    if as_before and _names_and_types(stored, set()) == _names_and_types(planned.schema, set()):
        DeltaTable.forPath(session, str(path)).delete()
        return
    _forget_clustering(session, planned, path)
    _as_declared(DeltaTable.replace(session), planned, path).execute()


def table_version(session: SparkSession, path: Path) -> int:
    """The newest Delta version of a table."""
    return int(_snapshot(session, path).version())


def partition_columns(session: SparkSession, path: Path) -> tuple[str, ...]:
    """The columns whose values are the table's folders."""
    columns = _snapshot(session, path).metadata().partitionColumns()
    return tuple(columns.apply(number) for number in range(columns.size()))


def has_partitions(session: SparkSession, planned: PlannedDataset, path: Path) -> bool:
    """Whether the table is partitioned as it is declared."""
    return [*map(str.lower, partition_columns(session, path))] == [*map(str.lower, planned.dataset.partition_cols)]


def cluster(session: SparkSession, path: Path, columns: Sequence[str]) -> None:
    """Cluster what is written from now on by ``columns``."""
    by = f"({', '.join(f'`{column}`' for column in columns)})" if columns else "NONE"
    session.sql(f"ALTER TABLE delta.`{path}` CLUSTER BY {by}")


def _as_declared(builder: DeltaTableBuilder, planned: PlannedDataset, path: Path) -> DeltaTableBuilder:
    from pyspark.sql.types import StructType

    dataset = planned.dataset
    builder = builder.location(str(path))
    for column in planned.schema.fields:
        generation = planned.generated.get(column.name.lower())
        builder = generation.add_to(builder, column) if generation else builder.addColumns(StructType([column]))
    for key, value in properties_of(planned).items():
        builder = builder.property(key, value)
    if dataset.comment:
        builder = builder.comment(dataset.comment)
    if dataset.partition_cols:
        builder = builder.partitionedBy(*dataset.partition_cols)
    elif dataset.cluster_by:
        builder = builder.clusterBy(*dataset.cluster_by)
    return builder


def _replace_columns(frame: DataFrame, planned: PlannedDataset, path: Path) -> None:
    _forget_clustering(frame.sparkSession, planned, path)
    writer = _computed(frame, planned).write.format("delta").mode("overwrite").option("overwriteSchema", "true")
    # Left unsaid, they are lost with the old columns.
    if planned.dataset.partition_cols:
        writer = writer.partitionBy(*planned.dataset.partition_cols)
    writer.save(str(path))
    if planned.dataset.cluster_by and not planned.dataset.partition_cols:
        cluster(frame.sparkSession, path, planned.dataset.cluster_by)


def _forget_clustering(session: SparkSession, planned: PlannedDataset, path: Path) -> None:
    """Delta refuses to make a clustered table a partitioned one in a single step."""
    from delta.tables import DeltaTable

    if planned.dataset.partition_cols and not partition_columns(session, path):
        (found,) = DeltaTable.forPath(session, str(path)).detail().collect()
        if found.clusteringColumns:
            cluster(session, path, ())


def in_declared_order(frame: DataFrame, planned: PlannedDataset) -> DataFrame:
    """``frame`` with its columns spelled and ordered as a ``schema=`` says."""
    from pyspark.sql import functions as F

    if planned.dataset.schema is None:
        return frame
    given = {name.lower() for name in frame.columns}
    wanted = [name for name in planned.schema.names if name.lower() in given]
    return frame if wanted == frame.columns else frame.select(*[F.col(f"`{name}`").alias(name) for name in wanted])


def _computed(frame: DataFrame, planned: PlannedDataset) -> DataFrame:
    """``frame`` with the columns that Delta would compute, in the declared order, each knowing how: a new schema is made of a frame's."""
    from pyspark.sql import functions as F

    if not planned.generated:
        return frame
    expressions = {name: generation.expression for name, generation in planned.generated.items() if generation.expression}
    columns = []
    for column in planned.schema.fields:
        expression = expressions.get(column.name.lower())
        known = {**column.metadata, **({"delta.generationExpression": expression} if expression else {})}
        value = F.col(f"`{column.name}`") if column.name in frame.columns or not expression else F.expr(expression).cast(column.dataType)
        columns.append(value.alias(column.name, metadata=known))
    return frame.select(*columns)


def fits(frame: DataFrame, planned: PlannedDataset, path: Path) -> bool:
    """Whether the table has the frame's columns; those that Delta computes may be missing in the frame."""
    given = {name.lower() for name in frame.columns}
    stored = frame.sparkSession.read.format("delta").load(str(path)).schema
    left_out = {name for name in planned.generated if name not in given}
    return _names_and_types(frame.schema, set()) == _names_and_types(stored, left_out)


def _names_and_types(schema: StructType, left_out: set[str]) -> list[tuple[str, str]]:
    return [(column.name, column.dataType.simpleString()) for column in schema if column.name.lower() not in left_out]


def _is_empty(session: SparkSession, path: Path) -> bool:
    return session.read.format("delta").load(str(path)).isEmpty()


def _snapshot(session: SparkSession, path: Path) -> Any:
    jvm: Any = session._jvm  # noqa: SLF001  Delta's log has no public Python face; history() would run a job
    none = jvm.scala.Option.empty()
    return jvm.org.apache.spark.sql.delta.DeltaLog.forTable(session._jsparkSession, str(path)).update(False, none, none)  # noqa: SLF001  as above
