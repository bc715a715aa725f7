"""New rows of touched keys in the place of the old ones: files that hold some are written once, where a merge looks through them first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.incremental.filebounds import files_of
from goldlane.pipelines.incremental.plans import analyzed, each, sequence_of
from goldlane.pipelines.incremental.pruning import Pruned, pruned
from goldlane.pipelines.incremental.restricted import of_keys
from goldlane.pipelines.incremental.sources import TableVersion, delta_log
from goldlane.pipelines.incremental.stretches import cut_at, cuts_in_place
from goldlane.pipelines.incremental.touched import Touched

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def exchange_rows(frame: DataFrame, path: Path, touched: Touched, columns: tuple[str, ...]) -> None:
    """One commit after which ``frame`` holds all rows of the touched keys, in files that lie where the old ones did.

    The table has no change feed and computes no columns: this writes files as they are.
    """
    from pyspark.sql import DataFrame

    session: Any = frame.sparkSession
    none = session._jvm.scala.Option.empty()  # noqa: SLF001  Delta's transactions have no public Python face
    log = delta_log(session, str(path))
    transaction = log.startTransaction(none, none)
    snapshot = transaction.snapshot()
    table = TableVersion(str(path), int(snapshot.version()), str(snapshot.metadata().id()))
    found = _pruned(session, table, touched, columns)
    old = [file for file in each(transaction.filterFiles()) if str(file.path()) not in found.left_out]
    rows = DataFrame(log.createDataFrame(snapshot, sequence_of(session, old), False, none), session)
    kept = of_keys(rows, touched, {name: name for name in columns}, how="leftanti")
    new = _in_place(kept.unionByName(frame), table, {str(file.path()) for file in old}, next(iter(found.conditions), None))
    written = each(transaction.writeFiles(new._jdf))  # noqa: SLF001  as above
    transaction.commit(sequence_of(session, [*written, *(file.remove() for file in old)]), _overwrite(session))


def _pruned(session: Any, table: TableVersion, touched: Touched, columns: tuple[str, ...]) -> Pruned:
    """In which files of the table rows of touched keys can be."""
    stored = {column.name().lower(): column for column in each(analyzed(table.frame(session)).output())}
    return pruned(session, table, {name: stored[name.lower()] for name in columns}, touched)


def _in_place(new: DataFrame, table: TableVersion, old: set[str], column: str | None) -> DataFrame:
    """``new`` with a partition for each stretch of the table that the ``old`` files held."""
    files = None if column is None else files_of(table, column)
    return new if files is None or column is None else cut_at(new, column, cuts_in_place(files, old))


def _overwrite(session: Any) -> Any:
    """What the table's history calls the commit."""
    jvm = session._jvm  # noqa: SLF001  as above
    write = getattr(jvm.org.apache.spark.sql.delta, "DeltaOperations$Write$")
    unsaid = [jvm.scala.Option.empty()] * 8
    return getattr(write, "MODULE$").apply(jvm.org.apache.spark.sql.SaveMode.Overwrite, *unsaid)
