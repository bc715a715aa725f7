"""Tables over time: what is declared otherwise than at the last update is changed in the table that is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.pipelines.declared import declared_print, properties_of
from goldlane.pipelines.definitions import Kind
from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.plan import PlannedDataset
from goldlane.pipelines.storage import Storage
from goldlane.pipelines.tables import cluster, has_partitions, partition_columns

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def remember_layout(planned: PlannedDataset, storage: Storage) -> None:
    """Note that the table is as it is declared."""
    storage.remember(planned.dataset.name, layout=declared_print(planned), properties=sorted(properties_of(planned)))


def bring_up_to_date(session: SparkSession, planned: PlannedDataset, storage: Storage) -> None:
    """Change the table's comment, properties, clustering and column comments to those declared; a table in order costs nothing.

    Raises:
        PipelineError: a streaming table would have to be written anew: other partitions, or NOT NULL where NULLs may be.
    """
    record = storage.remembered(planned.dataset.name)
    if record.get("layout") == declared_print(planned):
        return
    path = storage.table(planned.dataset.name)
    if planned.kind is Kind.STREAMING_TABLE:
        _require_changeable(session, planned, path)
    elif not has_partitions(session, planned, path):
        # Its content is written anew, and with it the folders.
        storage.remember(planned.dataset.name, fingerprint=None, refreshed=None)
    _alter(session, planned, path, set(record.get("properties", ())))
    remember_layout(planned, storage)


def _alter(session: SparkSession, planned: PlannedDataset, path: Path, before: set[str]) -> None:
    from delta.tables import DeltaTable

    table, dataset = f"delta.`{path}`", planned.dataset
    (found,) = DeltaTable.forPath(session, str(path)).detail().collect()
    if (dataset.comment or "") != (found.description or ""):
        session.sql(f"COMMENT ON TABLE {table} IS {_text(dataset.comment) if dataset.comment else 'NULL'}")
    wanted = properties_of(planned)
    changed = {key: value for key, value in wanted.items() if found.properties.get(key) != value}
    if changed:
        session.sql(
            f"ALTER TABLE {table} SET TBLPROPERTIES ({', '.join(f'{_text(key)} = {_text(value)}' for key, value in changed.items())})"
        )
    gone = sorted(before - set(wanted))
    if gone:
        session.sql(f"ALTER TABLE {table} UNSET TBLPROPERTIES IF EXISTS ({', '.join(map(_text, gone))})")
    if not found.partitionColumns and not dataset.partition_cols and list(dataset.cluster_by) != found.clusteringColumns:
        cluster(session, path, dataset.cluster_by)
    _comment_columns(session, planned, path)


def _comment_columns(session: SparkSession, planned: PlannedDataset, path: Path) -> None:
    stored = {column.name.lower(): column.metadata.get("comment") for column in session.read.format("delta").load(str(path)).schema}
    for column in planned.schema.fields:
        comment = column.metadata.get("comment")
        if comment and column.name.lower() in stored and stored[column.name.lower()] != comment:
            session.sql(f"ALTER TABLE delta.`{path}` ALTER COLUMN `{column.name}` COMMENT {_text(comment)}")


def _require_changeable(session: SparkSession, planned: PlannedDataset, path: Path) -> None:
    dataset, stored = planned.dataset, {column.name.lower(): column for column in session.read.format("delta").load(str(path)).schema}
    mistakes = []
    if not has_partitions(session, planned, path):
        partitions = partition_columns(session, path)
        mistakes.append(
            f"it is partitioned by {', '.join(partitions) or 'nothing'}, and declared by {', '.join(dataset.partition_cols) or 'nothing'}"
        )
    stricter = [column.name for column in planned.schema.fields if not column.nullable and stored.get(column.name.lower(), column).nullable]
    if stricter:
        mistakes.append(f"{', '.join(stricter)} may be NULL in it, and is declared NOT NULL")
    if mistakes:
        raise PipelineError(
            f"the table {dataset.written!r} cannot be changed in place: {'; '.join(mistakes)}", hint=f"--full-refresh {dataset.written}"
        )


def _text(value: str) -> str:
    """A SQL literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
