"""Rows of forgotten entities, deleted from every table of a storage that has their key columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.errors import GoldlaneError, first_line
from goldlane.features.delta_files import ask, open_delta
from goldlane.features.forgotten_entities import Entity
from goldlane.forgotten import MARK
from goldlane.maintenance.doomed import Doomed
from goldlane.maintenance.mentions import mentions
from goldlane.maintenance.stored import Stored, stored_tables

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable

_NOT_SWEPT = frozenset({"system/events", "system/forgotten"})
_RETRIES = 10
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """A table, and how many of its rows were deleted."""

    table: str
    rows_deleted: int


def sweep(storage: Path, entities: Iterable[Entity], tell: Tell, key: Mapping[str, object] | None = None) -> tuple[Swept, ...]:
    """Delete the rows of ``entities``; those of a ``key`` are also looked for in lines that could not be read.

    Each table changes in one commit, marked so that streams of it pass over; its change feed tells publishing what went.
    """
    rows = {table.name: sweep_table(table, tuple(entities), tell, key) for table in stored_tables(storage)}
    return tuple(Swept(table=name, rows_deleted=deleted) for name, deleted in rows.items() if deleted)


def sweep_table(table: Stored, entities: Sequence[Entity], tell: Tell, key: Mapping[str, object] | None = None) -> int:
    """Delete the rows of one table as ``sweep`` does; how many there were.

    Raises:
        FeatureError: the table cannot be read.
        GoldlaneError: somebody else wrote it all the while.
    """
    if table.name in _NOT_SWEPT:
        return 0
    delta = open_delta(table.path, table.name)
    types = columns_of(delta)
    doomed = Doomed(entities=tuple(entities), mentions=mentions(delta, types, key) if key else {})
    condition = doomed.sql(types)
    rows = _count(delta, condition) if condition else 0
    if rows:
        tell(f"deleting {rows:,} rows from {table.name}")
        _delete(table, delta, doomed, str(condition), tell)
    return rows


def columns_of(delta: DeltaTable) -> dict[str, pa.DataType]:
    """The Arrow type of each column."""
    import pyarrow as pa

    schema: Any = delta.schema().to_arrow()
    return {field.name: field.type for field in pa.schema(schema)}


def _count(delta: DeltaTable, condition: str) -> int:
    (batch,) = ask(delta, f"SELECT count(*) AS rows FROM gold WHERE {condition}")  # noqa: S608  made of names and hashes
    return int(batch.column(0)[0].as_py())


def _delete(table: Stored, delta: DeltaTable, doomed: Doomed, condition: str, tell: Tell) -> None:
    from deltalake import CommitProperties
    from deltalake.exceptions import CommitFailedError, DeltaError

    marked = CommitProperties(custom_metadata={"userMetadata": MARK}, max_commit_retries=_RETRIES)
    try:
        delta.delete(condition, commit_properties=marked)
    except CommitFailedError as overtaken:
        raise GoldlaneError(
            f"{table.name}: rows cannot be deleted: {first_line(overtaken)}", hint="somebody else wrote it meanwhile; do it again"
        ) from overtaken
    except DeltaError as refused:
        tell(f"by Spark, for delta-rs cannot write this table: {first_line(refused)}")
        _delete_by_spark(table.path, doomed)


def _delete_by_spark(path: Path, doomed: Doomed) -> None:
    from delta.tables import DeltaTable

    from goldlane.session import local_spark

    spark, setting = local_spark(), "spark.databricks.delta.commitInfo.userMetadata"
    table = DeltaTable.forPath(spark, str(path))
    spark.conf.set(setting, MARK)
    try:
        table.delete(doomed.column(table.toDF()))
    finally:
        spark.conf.unset(setting)
