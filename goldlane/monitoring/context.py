"""One refresh: the versions that are read, what the last one left, and what has changed since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from goldlane.monitoring.columns import watched_columns
from goldlane.monitoring.monitors import Monitor
from goldlane.monitoring.planning import Work, base_of, base_start, planned_work
from goldlane.monitoring.profiles import InferenceLog, Snapshot, TimeSeries
from goldlane.monitoring.storing import LOG, MonitorPlace, Record
from goldlane.monitoring.windows import timestamp_literal
from goldlane.pipelines.incremental.sources import TableVersion, newest, snapshot_at

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# A refresh that did not end may have stored rows that were taken back since, and that no change from the record to now shows.
_UNENDED = Work(windows=None, why="the last refresh did not end")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshContext:
    """What every step of a refresh needs to know; ``instant`` is when the watched version was committed, for a snapshot's window.

    ``begun`` is the version that a refresh which did not end was writing, ``has_state`` whether one has ever written state.
    """

    spark: SparkSession
    place: MonitorPlace
    watched: TableVersion
    baseline: TableVersion | None
    record: Record | None
    work: Work
    instant: int
    begun: int | None
    has_state: bool

    @property
    def monitor(self) -> Monitor:
        """The declaration."""
        return self.place.monitor

    @property
    def is_snapshot(self) -> bool:
        """Whether the window is the version itself."""
        return isinstance(self.monitor.profile, Snapshot)

    @property
    def keeps_snapshots(self) -> bool:
        """Whether what is stored is of snapshots; otherwise it is of windows, and all of it is replaced."""
        return self.record is None or self.record.instant is not None

    @property
    def is_next_snapshot(self) -> bool:
        """Whether the snapshot is newer than all that is stored."""
        record = self.record
        return self.begun is None and record is not None and record.instant is not None and record.instant < self.instant

    @property
    def has_same_baseline(self) -> bool:
        """Whether the baseline is as it was."""
        return self.record is not None and self.record.baseline == (None if self.baseline is None else str(self.baseline))

    @property
    def reads_nothing(self) -> bool:
        """Whether no row of the table changed; files may have been rewritten, and the baseline may have changed."""
        return self.work.windows == frozenset()

    @property
    def model_id(self) -> str | None:
        """The column of the models, if the table is an inference log."""
        return self.monitor.profile.model_id if isinstance(self.monitor.profile, InferenceLog) else None

    def rows(self) -> DataFrame:
        """The rows that have to be read: all of the table, those of the windows that changed, or those that were added."""
        if self.work.added is not None:
            return self.work.added
        table = self.watched.frame(self.spark)
        if self.work.windows is None:
            return table
        return self._of_windows(table, sorted(self.work.windows))

    def _of_windows(self, table: DataFrame, starts: list[int]) -> DataFrame:
        granularity, profile = base_of(self.monitor), self.monitor.profile
        if not starts or granularity is None or not isinstance(profile, TimeSeries | InferenceLog):
            return table.limit(0)
        (column,) = (each for each in watched_columns(table.schema) if each.name.lower() == profile.timestamp.lower())
        chosen = table.where(base_start(table, self.monitor, 0).isin(starts))
        if column.type_name != "timestamp":
            return chosen
        # Delta skips files by the bare column only.
        end = granularity.end_of(starts[-1])
        bounds = f"{column.quoted} >= {timestamp_literal(starts[0])} AND {column.quoted} < {timestamp_literal(end)}"
        return chosen.where(bounds)


def refresh_context(spark: SparkSession, place: MonitorPlace) -> RefreshContext:
    """The newest versions, and what changed since the record."""
    watched = newest(spark, str(place.table.resolve()))
    record, begun = place.record(), place.begun()
    return RefreshContext(
        spark=spark,
        place=place,
        watched=watched,
        baseline=None if place.baseline is None else newest(spark, str(place.baseline.resolve())),
        record=record,
        work=_UNENDED
        if record is not None and begun not in (None, watched.version)
        else planned_work(spark, place.monitor, watched, record),
        instant=_committed_us(spark, watched) if isinstance(place.monitor.profile, Snapshot) else 0,
        begun=begun,
        has_state=(place.state / LOG).is_dir(),
    )


def _committed_us(spark: SparkSession, table: TableVersion) -> int:
    return int(snapshot_at(spark, table).timestamp()) * 1_000
