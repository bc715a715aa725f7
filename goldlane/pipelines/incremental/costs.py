"""When a recompute is the cheaper refresh: little data, or most of it changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.pipelines.incremental.changes import Changes
from goldlane.pipelines.incremental.filebounds import files_of
from goldlane.pipelines.incremental.keys import Keys
from goldlane.pipelines.incremental.memory import Reading
from goldlane.pipelines.incremental.policy import RefreshPolicy
from goldlane.pipelines.incremental.reasons import Issue, IssueType, NotIncrementalError
from goldlane.pipelines.incremental.sources import TableVersion, snapshot_at
from goldlane.pipelines.incremental.touched import Touched

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# A refresh by key takes a dozen Spark jobs and a merge that rewrites the view's files: measured, 1.8 million rows are recomputed faster.
LITTLE_ROWS = 10_000_000
MOST_SHARE = 0.5


def rows_of(tables: Iterable[TableVersion]) -> int | None:
    """The rows of all tables together; None when that is not known without reading them."""
    found = [files_of(table) for table in tables]
    return None if None in found else sum(sum(files.rows) for files in found if files)


def refreshes(policy: RefreshPolicy, now: Reading) -> bool:
    """Whether a view like this may ever be refreshed by its changes."""
    if policy is RefreshPolicy.FULL or not policy.weighs_costs:
        return policy is not RefreshPolicy.FULL
    rows = rows_of(now.tables.values())
    return rows is None or rows >= LITTLE_ROWS


def require_much(rows: int | None) -> None:
    """Refuse where there is little to be saved.

    Raises:
        NotIncrementalError: the sources are small.
    """
    if rows is not None and rows < LITTLE_ROWS:
        raise _rejected(f"its sources have {rows} rows, and below {LITTLE_ROWS} a recompute is faster")


def require_few_changes(session: SparkSession, tables: Mapping[str, TableVersion], changes: Mapping[str, Changes]) -> None:
    """Refuse where most of a table was written anew.

    Raises:
        NotIncrementalError: it was.
    """
    for path, change in changes.items():
        whole = snapshot_at(session, tables[path]).sizeInBytes()
        if change.bytes > MOST_SHARE * whole:
            raise _rejected(f"most of {tables[path].name} was written anew", tables[path].name)


def require_few_keys(touched: Touched, view: Keys, path: Path, opened: float | None) -> None:
    """Refuse where most of the view's keys are touched; not where no more than half of its source rows, ``opened``, lie beside them.

    Raises:
        NotIncrementalError: they are.
    """
    from pyspark.sql import functions as F

    if opened is not None and opened <= MOST_SHARE:
        return
    names = [f"`{name}`" for name in view.columns if name != view.order]
    if not names:
        raise _rejected("most of its source rows lie around those that have changed")
    changed = touched.count if view.order is None else touched.frame.select(*names).distinct().count()
    stored = view.session.read.format("delta").load(str(path))
    row = stored.select(F.approx_count_distinct(F.xxhash64(*names)).alias("keys")).head()
    keys = int(row.keys) if row is not None else 0
    if changed > MOST_SHARE * keys:
        raise _rejected(f"{changed} keys ({', '.join(names).replace('`', '')}) of some {keys} had changed")


def _rejected(why: str, table: str = "") -> NotIncrementalError:
    return NotIncrementalError(Issue(type=IssueType.REJECTED_BY_COST_MODEL, why=why, table=table))
