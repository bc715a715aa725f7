"""``spark.catalog`` inside a pipeline: the pipeline's tables exist, and catalogs and schemas are only names."""

from __future__ import annotations

from pyspark.errors import AnalysisException
from pyspark.sql.catalog import Catalog

from goldlane.pipelines.reads import reads_or_none


class PipelineCatalog(Catalog):
    """Spark's catalog, before which the pipeline is asked."""

    def tableExists(self, tableName: str, dbName: str | None = None) -> bool:  # noqa: N802, N803  Spark's names
        """Whether a table of the pipeline, an input, the storage or the session has that name."""
        name, reads = f"{dbName}.{tableName}" if dbName else tableName, reads_or_none()
        if reads is not None and reads.knows(name):
            return True
        try:
            return super().tableExists(name)
        except AnalysisException:  # a catalog that this session does not have
            return False

    def databaseExists(self, dbName: str) -> bool:  # noqa: N802, N803  Spark's names
        """Yes: a schema is there as soon as a table is in it."""
        del dbName
        return True

    def setCurrentCatalog(self, catalogName: str) -> None:  # noqa: N802, N803  Spark's names
        """Nothing: ``--catalog`` says what an unqualified name means."""

    def setCurrentDatabase(self, dbName: str) -> None:  # noqa: N802, N803  Spark's names
        """Nothing: ``--schema`` says what an unqualified name means."""
