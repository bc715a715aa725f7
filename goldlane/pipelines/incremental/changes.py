"""What changed in a Delta table between two versions, row by row: from its change feed, or else from the files that came and went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.incremental.plans import each, kind, sequence_of
from goldlane.pipelines.incremental.reasons import Issue, IssueType, NotIncrementalError
from goldlane.pipelines.incremental.sources import TableVersion, delta_log, snapshot_at

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

MOST_FILES = 5_000
_FEED = "delta.enableChangeDataFeed"
_SIGN = "__goldlane_sign"
_UNCOMPARED = ("map", "variant")


@dataclass(frozen=True, slots=True)
class Changes:
    """Rows that came and rows that went, a changed row among both; None where there are none. ``bytes`` is what had to be opened."""

    inserted: DataFrame | None
    deleted: DataFrame | None
    bytes: int

    @property
    def only_appended(self) -> bool:
        """Whether no row was changed or deleted."""
        return self.deleted is None

    @property
    def rows(self) -> DataFrame | None:
        """All of them. A row that went and came again as it was has not changed: files are rewritten for one row in them."""
        if self.inserted is None or self.deleted is None:
            return self.inserted if self.deleted is None else self.deleted
        if any(mark in field.dataType.simpleString() for field in self.inserted.schema for mark in _UNCOMPARED):
            return self.inserted.unionByName(self.deleted)
        return _differing(self.inserted, self.deleted)


def changes_between(session: SparkSession, since: TableVersion, until: TableVersion) -> Changes:
    """What happened after ``since``, up to ``until``.

    Raises:
        NotIncrementalError: the log does not hold it any more, or the table's columns have changed.
    """
    with readable(IssueType.CHANGE_SET_MISSING, until.name):
        after, moved = snapshot_at(session, until), _moved(session, since, until)
        # An older snapshot costs jobs: it is asked for only where it is another table's, or knows more of a file than the log.
        before = snapshot_at(session, since) if moved.altered or moved.unknown else after
        _require_same_columns(before, after, until)
        known = {_identity(file): file for file in before.allFiles().collect()} if moved.unknown else {}
        added, removed = moved.added, [*moved.removed, *(known[file] for file in moved.unknown)]
    size = sum(file.size() for file in (*added, *removed))
    if removed and has_feed(before) and has_feed(after):
        return _from_feed(session, since, until, size)
    log = delta_log(session, until.path)
    return Changes(_rows(session, log, after, added), _rows(session, log, before, removed), size)


@contextmanager
def readable(issue: IssueType, table: str) -> Iterator[None]:
    """Turns what Spark raises meanwhile into a reason: the log was cleaned up, or files are gone (VACUUM).

    Raises:
        NotIncrementalError: with ``issue``, and what Spark said.
    """
    with refused_as(issue, f"what has changed in {table} cannot be read", table):
        yield


@contextmanager
def refused_as(issue: IssueType, why: str, table: str = "") -> Iterator[None]:
    """Turns what Spark raises meanwhile into a reason; for steps that write nothing.

    Raises:
        NotIncrementalError: with ``issue``, and what Spark said.
    """
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        yield
    except (Py4JJavaError, PySparkException) as error:
        told = str(getattr(error, "java_exception", error)).splitlines()[0]
        raise NotIncrementalError(Issue(type=issue, why=f"{why}: {told}", table=table)) from error


@dataclass(frozen=True, slots=True)
class _Moved:
    """The files that came with new rows, and those that went with rows in them; compactions move rows and change none."""

    added: list[Any]
    removed: list[Any]
    unknown: list[str]
    altered: bool


def _moved(session: SparkSession, since: TableVersion, until: TableVersion) -> _Moved:
    none = session._jvm.scala.Option.empty()  # type: ignore[union-attr]  # noqa: SLF001  Delta's log has no public Python face
    commits = delta_log(session, until.path).getChanges(since.version + 1, until.version, none, True)
    came: dict[str, Any] = {}
    gone: dict[str, Any] = {}
    # What came and went, or went and was restored, is as it was; what was restored and went again is gone.
    balance: Counter[str] = Counter()
    altered = False
    while commits.hasNext():
        for action in each(commits.next()._2()):  # noqa: SLF001  the second of a Scala pair
            name = kind(action)
            altered |= name == "Metadata"
            if name == "AddFile":
                came[_identity(action)] = action
                balance[_identity(action)] += bool(action.dataChange())
            elif name == "RemoveFile" and action.dataChange():
                gone[_identity(action)] = action
                balance[_identity(action)] -= 1
        if len(came) + len(gone) > MOST_FILES:
            why = f"more than {MOST_FILES} files of {until.name} came or went"
            raise NotIncrementalError(Issue(type=IssueType.TOO_MANY_FILE_ACTIONS, why=why, table=until.name))
    files = {file: came.get(file) or _as_added(session, gone[file]) for file, times in balance.items() if times < 0}
    unknown = [file for file, found in files.items() if found is None]
    added = [came[file] for file, times in balance.items() if times > 0]
    return _Moved(added, [found for found in files.values() if found is not None], unknown, altered)


def _as_added(session: SparkSession, removed: Any) -> Any | None:
    """A file as it came, from the entry of its going; None where that does not tell enough to read it."""
    if removed.partitionValues() is None or removed.size().isEmpty():
        return None
    jvm: Any = session._jvm  # noqa: SLF001  as above
    none = jvm.scala.Option.empty()
    ids = (removed.baseRowId(), removed.defaultRowCommitVersion(), none, none, none)
    place = (removed.path(), removed.partitionValues(), removed.getFileSize(), 0, True)
    return jvm.org.apache.spark.sql.delta.actions.AddFile.apply(*place, None, None, removed.deletionVector(), *ids)


def _identity(action: Any) -> str:
    vector = action.deletionVector()
    return f"{action.path()}#{'' if vector is None else vector.uniqueId()}"


def _rows(session: SparkSession, log: Any, snapshot: Any, files: list[Any]) -> DataFrame | None:
    from pyspark.sql import DataFrame

    if not files:
        return None
    none = session._jvm.scala.Option.empty()  # type: ignore[union-attr]  # noqa: SLF001  as above
    return DataFrame(log.createDataFrame(snapshot, sequence_of(session, files), False, none), session)


def _from_feed(session: SparkSession, since: TableVersion, until: TableVersion, size: int) -> Changes:
    reader = session.read.format("delta").option("readChangeFeed", "true").option("startingVersion", since.version + 1)
    feed = reader.option("endingVersion", until.version).load(until.path)
    marks = ("_change_type", "_commit_version", "_commit_timestamp")
    inserted = feed.where("_change_type IN ('insert', 'update_postimage')").drop(*marks)
    return Changes(inserted, feed.where("_change_type IN ('delete', 'update_preimage')").drop(*marks), size)


def _differing(inserted: DataFrame, deleted: DataFrame) -> DataFrame:
    from pyspark.sql import functions as F

    signed = [frame.withColumn(_SIGN, F.lit(sign)) for frame, sign in ((inserted, 1), (deleted, -1))]
    columns = [F.col(f"`{name}`") for name in inserted.columns]
    counted = reduce(lambda one, other: one.unionByName(other), signed).groupBy(*columns).agg(F.sum(_SIGN).alias(_SIGN))
    return counted.where(f"{_SIGN} <> 0").drop(_SIGN)


def has_feed(snapshot: Any) -> bool:
    """Whether the table keeps its changes row by row."""
    return str(snapshot.metadata().configuration().get(_FEED).toString()).lower() == "some(true)"


def _require_same_columns(before: Any, after: Any, table: TableVersion) -> None:
    if before.metadata().schemaString() != after.metadata().schemaString():
        raise NotIncrementalError(
            Issue(type=IssueType.DATA_SCHEMA_CHANGED, why=f"the columns of {table.name} have changed", table=table.name)
        )
    if before.metadata().partitionColumns().toString() != after.metadata().partitionColumns().toString():
        raise NotIncrementalError(
            Issue(type=IssueType.PARTITION_SCHEMA_CHANGED, why=f"the partitions of {table.name} have changed", table=table.name)
        )
