"""The Delta tables under a plan: where they lie, which version is read, and what the last refresh read of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.incremental.reasons import Issue, IssueType, NotIncrementalError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True, slots=True)
class TableVersion:
    """A Delta table as it was read: ``id`` is another when the table was made anew."""

    path: str
    version: int
    id: str

    def __str__(self) -> str:
        return f"{self.path}@{self.version}/{self.id}"

    @property
    def name(self) -> str:
        """What a reader calls it: the folder."""
        return self.path.rstrip("/").rpartition("/")[2]

    def frame(self, session: SparkSession) -> DataFrame:
        """Its rows at this version."""
        return session.read.format("delta").option("versionAsOf", self.version).load(self.path)


def delta_log(session: SparkSession, path: str) -> Any:
    """Delta's log of a table."""
    jvm: Any = session._jvm  # noqa: SLF001  Delta's log has no public Python face
    return jvm.org.apache.spark.sql.delta.DeltaLog.forTable(session._jsparkSession, path)  # noqa: SLF001  as above


def newest(session: SparkSession, path: str) -> TableVersion:
    """The table as it is now."""
    none = session._jvm.scala.Option.empty()  # type: ignore[union-attr]  # noqa: SLF001  as above
    snapshot = delta_log(session, path).update(False, none, none)
    return TableVersion(path, int(snapshot.version()), str(snapshot.metadata().id()))


def snapshot_at(session: SparkSession, table: TableVersion) -> Any:
    """Delta's snapshot of a version."""
    none = session._jvm.scala.Option.empty()  # type: ignore[union-attr]  # noqa: SLF001  as above
    return delta_log(session, table.path).getSnapshotAt(table.version, none, none, False)


def place_of(leaf: Any) -> str | None:
    """Where the Delta table of a plan's leaf lies; None when it is something else."""
    relation = leaf.relation().getClass().getName() if leaf.getClass().getSimpleName() == "LogicalRelation" else ""
    # Delta's relation is a nameless subclass of Spark's file relation, made by its log; that of a change feed is another, without a place.
    if not relation.startswith("org.apache.spark.sql.delta.") or relation.endswith("DeltaCDFRelation"):
        return None
    return str(leaf.relation().location().path().toString())


def require_present(leaf: Any) -> None:
    """Refuse a read of the past, which does not follow its table.

    Raises:
        NotIncrementalError: the leaf is one.
    """
    if leaf.relation().location().isTimeTravelQuery():
        table = str(place_of(leaf)).rpartition("/")[2]
        why = f"{table} is read as it was at a version"
        raise NotIncrementalError(
            Issue(type=IssueType.PLAN_NOT_INCREMENTALIZABLE, why=why, operator="TimeTravel", subtype="OPERATOR_NOT_SUPPORTED", table=table)
        )
