"""What a refresh has to read: nothing, the windows that changed, or everything, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from goldlane.monitoring.columns import watched_columns
from goldlane.monitoring.granularities import Granularity, base_granularity
from goldlane.monitoring.monitors import Monitor
from goldlane.monitoring.profiles import Snapshot
from goldlane.monitoring.storing import Record
from goldlane.monitoring.windows import placed_us, start_us
from goldlane.pipelines.incremental.changes import Changes, changes_between, readable
from goldlane.pipelines.incremental.reasons import IssueType, NotIncrementalError
from goldlane.pipelines.incremental.sources import TableVersion

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

# More windows than these are sooner read all at once than named one by one.
MOST_WINDOWS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """``windows`` are the starts of the base windows to read again, None for all; ``added`` is what a snapshot has more than before.

    ``unplaced`` counts rows that came and are in no window, where not all rows are read.
    """

    windows: frozenset[int] | None
    why: str
    added: DataFrame | None = None
    unplaced: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether the whole table is read."""
        return self.windows is None and self.added is None


def base_of(monitor: Monitor) -> Granularity | None:
    """The granularity that state is kept in; none for a snapshot."""
    return base_granularity(monitor.granularities) if monitor.granularities else None


def base_start(rows: DataFrame, monitor: Monitor, instant: int) -> Column:
    """Where the base window of each row begins; a snapshot's is the ``instant`` of the version."""
    profile = monitor.profile
    if isinstance(profile, Snapshot):
        return F.lit(instant).cast("bigint")
    name = profile.timestamp.lower()
    (column,) = (column for column in watched_columns(rows.schema) if column.name.lower() == name)
    return start_us(placed_us(column), base_granularity(profile.granularities))


def planned_work(spark: SparkSession, monitor: Monitor, watched: TableVersion, record: Record | None) -> Work:
    """What changed since the ``record``; everything where that cannot be known."""
    if record is None:
        return Work(windows=None, why="first refresh")
    if record.fingerprint != monitor.fingerprint:
        return Work(windows=None, why="the monitor is declared differently")
    if record.table_id != watched.id:
        return Work(windows=None, why="the table was made anew")
    if record.version == watched.version:
        return Work(windows=frozenset(), why="nothing changed")
    since = TableVersion(watched.path, record.version, record.table_id)
    try:
        changes = changes_between(spark, since, watched)
        # What has changed is read only now: VACUUM may have taken it.
        with readable(IssueType.CHANGE_SET_MISSING, watched.name):
            return _of_snapshot(changes) if isinstance(monitor.profile, Snapshot) else _of_windows(changes, monitor)
    except NotIncrementalError as refused:
        return Work(windows=None, why=refused.issues[0].why)


def _of_snapshot(changes: Changes) -> Work:
    if changes.deleted is not None:
        return Work(windows=None, why="rows were changed or deleted")
    if changes.inserted is None:
        return Work(windows=frozenset(), why="no row changed")
    # Opens every file, reads no column: one that is gone has to be known before the state is written.
    changes.inserted.select().count()
    return Work(windows=None, why="rows were added", added=changes.inserted)


def _of_windows(changes: Changes, monitor: Monitor) -> Work:
    rows = changes.rows
    if rows is None:
        return Work(windows=frozenset(), why="no row changed")
    starts = [row["start"] for row in rows.select(base_start(rows, monitor, 0).alias("start")).distinct().limit(MOST_WINDOWS + 1).collect()]
    if len(starts) > MOST_WINDOWS:
        return Work(windows=None, why=f"more than {MOST_WINDOWS} windows changed")
    windows = frozenset(start for start in starts if start is not None)
    return Work(windows=windows, why="windows changed", unplaced=_unplaced(changes, monitor) if None in starts else 0)


def _unplaced(changes: Changes, monitor: Monitor) -> int:
    rows = changes.inserted
    return 0 if rows is None else rows.where(base_start(rows, monitor, 0).isNull()).count()
