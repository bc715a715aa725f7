"""Where the tables of a job are: in the folders of a storage on this machine, in the session's catalog on the platform."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import UsageError
from goldlane.features.gold import source_name
from goldlane.settings import read_settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from goldlane.features.declarations import FeatureTable

DEFAULT_SCHEMA = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lakehouse:
    """``schema`` is ``name`` or ``catalog.name``. With a ``storage`` its tables are Delta folders, without one names in the catalog."""

    schema: str = DEFAULT_SCHEMA
    storage: Path | None = None

    def place(self, name: str) -> Path | str:
        """Where table ``name`` is, as ``training_set`` takes it: a folder, or the table's full name."""
        return f"{self.schema}.{name}" if self.storage is None else self.storage.resolve() / "tables" / self.schema / name

    def model_name(self, name: str) -> str:
        """What a registered model is called: Unity Catalog keeps models in the schema, a registry on this machine has none."""
        return name if self.storage is not None else f"{self.schema}.{name}"

    def gold(self, table: FeatureTable) -> FeatureTable:
        """The declaration, with its gold table in this schema."""
        source = source_name(table)
        return table if "." in source else replace(table, source=f"{self.schema}.{source}")

    def sources(self, spark: SparkSession, tables: Iterable[FeatureTable]) -> dict[FeatureTable, Path | str | DataFrame]:
        """Where the gold table of each feature table is, as ``training_set`` takes it.

        A materialized view of a workspace has no older versions to read again: it is given as a frame, and named in the record as such.
        """
        return {table: self._source(spark, source_name(table).rpartition(".")[2]) for table in tables}

    def _source(self, spark: SparkSession, name: str) -> Path | str | DataFrame:
        place = self.place(name)
        return spark.read.table(place) if isinstance(place, str) and _is_view(spark, place) else place

    def has(self, spark: SparkSession, name: str) -> bool:
        """Whether there is such a table."""
        place = self.place(name)
        return (place / "_delta_log").is_dir() if isinstance(place, Path) else bool(spark.catalog.tableExists(place))

    def read(self, spark: SparkSession, name: str) -> DataFrame:
        """The newest rows of table ``name``.

        Raises:
            UsageError: there is no such table.
        """
        if not self.has(spark, name):
            raise UsageError(f"there is no table {name!r} at {self.place(name)}", hint="did the task that makes it complete?")
        place = self.place(name)
        return spark.read.format("delta").load(str(place)) if isinstance(place, Path) else spark.read.table(place)

    def write(self, frame: DataFrame, name: str, *, instead_of: str) -> None:
        """Put the rows of ``frame`` into table ``name`` in one commit, instead of those there that match ``instead_of``.

        ``instead_of`` is a predicate over the table's columns that all rows of ``frame`` fulfil. The table is made when it is missing.
        """
        writer, place = frame.write.format("delta"), self.place(name)
        if self.has(frame.sparkSession, name):
            writer = writer.mode("overwrite").option("replaceWhere", instead_of)
        writer.save(str(place)) if isinstance(place, Path) else writer.saveAsTable(place)


def _is_view(spark: SparkSession, name: str) -> bool:
    return "VIEW" in str(spark.catalog.getTable(name).tableType).upper()


def lakehouse(*, catalog: str = "", schema: str = "", storage: str | Path | None = None) -> Lakehouse:
    """The tables of a job with these parameters; empty ones are left out.

    On Databricks they are names in Unity Catalog. On this machine they are in ``storage``, else in the one that ``goldlane job`` names
    in GOLDLANE_STORAGE, else in that of ``[tool.goldlane]``.
    """
    where = ".".join(part for part in (catalog, schema or (DEFAULT_SCHEMA if catalog else "")) if part) or DEFAULT_SCHEMA
    if storage:
        return Lakehouse(schema=where, storage=Path(storage))
    if on_databricks():
        return Lakehouse(schema=where)
    settings = read_settings()
    return Lakehouse(schema=where, storage=Path(os.environ.get("GOLDLANE_STORAGE") or settings.path(settings.storage)))


def on_databricks() -> bool:
    """Whether this process runs in a workspace's compute."""
    return "DATABRICKS_RUNTIME_VERSION" in os.environ


def session() -> SparkSession:
    """The workspace's session, or a local one."""
    if not on_databricks():
        from goldlane.session import local_spark

        return local_spark()
    from pyspark.sql import SparkSession

    return SparkSession.builder.getOrCreate()
