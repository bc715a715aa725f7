"""A refresh: state of what changed, and the metric tables of the windows that it reaches.

Written in this order, a commit each: state, profile, drift, and last the record of the watched version. A refresh that is killed in
between leaves the old record, and the next one writes the same windows again; everything, if the table has moved on meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from goldlane.monitoring.columns import watched_columns
from goldlane.monitoring.context import RefreshContext, refresh_context
from goldlane.monitoring.errors import MonitoringError, WatchedTableError
from goldlane.monitoring.fitting import column_notes, require_fit
from goldlane.monitoring.granularities import granularity as named_granularity
from goldlane.monitoring.merging import coarser_state
from goldlane.monitoring.metric_tables import write_metrics
from goldlane.monitoring.monitors import Monitor
from goldlane.monitoring.planning import base_of
from goldlane.monitoring.schemas import INPUT
from goldlane.monitoring.slices import Slices, kept_slices
from goldlane.monitoring.statistics.science import need_scipy
from goldlane.monitoring.storing import LOG, MonitorPlace, Record, read_delta
from goldlane.monitoring.writing import write_state
from goldlane.pipelines.storage import Storage
from goldlane.session import local_spark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What a refresh wrote. ``notes`` say what of the monitor was left out; ``why`` is what made it read what it read."""

    table: str
    version: int
    monitor_version: int
    profile_rows: int
    drift_rows: int
    why: str
    is_whole: bool
    notes: tuple[str, ...] = ()


def refresh(monitor: Monitor, storage: str | Path | Storage, spark: SparkSession | None = None) -> Refreshed:
    """Bring the metric tables of ``monitor`` up to the newest version of its table.

    Raises:
        WatchedTableError: the table or its baseline is missing, or has not the columns that the monitor names; all at once.
        MonitoringError: another process refreshes the same monitor.
        MissingExtraError: SciPy is not installed.
    """
    place = _place(monitor, storage)
    _require_tables(place)
    need_scipy("drift")
    session = spark or local_spark()
    with place.locked():
        return _refreshed(refresh_context(session, place))


def read_state(
    monitor: Monitor, storage: str | Path | Storage, spark: SparkSession | None = None, *, granularity: str | None = None
) -> DataFrame:
    """The state that the last refresh left, as ``STATE_COLUMNS``: of the base granularity, or merged into a coarser one.

    Raises:
        MonitoringError: the monitor was never refreshed.
    """
    place = _place(monitor, storage)
    if not (place.state / LOG).is_dir():
        raise MonitoringError(f"the monitor of {monitor.table} was never refreshed", hint=f"goldlane monitor {monitor.table}")
    stored, base = read_delta(spark or local_spark(), place.state), base_of(monitor)
    if granularity is None or base is None or granularity == base.name:
        return stored
    return coarser_state(stored.where(F.col("log_type") == INPUT), named_granularity(granularity))


def _place(monitor: Monitor, storage: str | Path | Storage) -> MonitorPlace:
    return MonitorPlace(storage=storage if isinstance(storage, Storage) else Storage(Path(storage)), monitor=monitor)


def _require_tables(place: MonitorPlace) -> None:
    wanted = [(place.monitor.table, place.table)]
    if place.monitor.baseline is not None and place.baseline is not None:
        wanted.append((place.monitor.baseline, place.baseline))
    missing = [f"there is no table {name!r} at {folder}" for name, folder in wanted if not (folder / LOG).is_dir()]
    if missing:
        raise WatchedTableError(f"{place.monitor.table} cannot be watched", missing)


def _refreshed(context: RefreshContext) -> Refreshed:
    if context.reads_nothing and context.has_same_baseline and context.record is not None:
        record = replace(context.record, version=context.watched.version)
        context.place.remember(record)
        return _report(context, record, (0, 0), [])
    require_fit(context.watched.frame(context.spark), context.monitor)
    known: Slices = {} if context.record is None else context.record.slices
    slices, notes = kept_slices(context.rows(), context.monitor.slicing, known, is_whole=context.work.is_whole)
    now = _to_remember(context, slices)
    context.place.begin(now.version)
    notes += [*column_notes(context), *write_state(context, slices)]
    profiled, drifted, more = write_metrics(context, now)
    # An expression that fails on a row of today is known again tomorrow.
    context.place.remember(replace(now, slices={**{each: known[each] for each in context.monitor.slicing if each in known}, **slices}))
    return _report(context, now, (profiled, drifted), [*notes, *more])


def _to_remember(context: RefreshContext, slices: Slices) -> Record:
    record, fingerprint = context.record, context.monitor.fingerprint
    return Record(
        table_id=context.watched.id,
        version=context.watched.version,
        fingerprint=fingerprint,
        monitor_version=0 if record is None else record.monitor_version + (record.fingerprint != fingerprint),
        slices=slices,
        baseline=None if context.baseline is None else str(context.baseline),
        instant=_instant(context),
        columns={column.name: (column.data_type, column.kind) for column in watched_columns(context.watched.frame(context.spark).schema)},
    )


def _instant(context: RefreshContext) -> int | None:
    if context.reads_nothing and context.record is not None:
        return context.record.instant
    return context.instant if context.is_snapshot else None


def _report(context: RefreshContext, record: Record, written: tuple[int, int], notes: list[str]) -> Refreshed:
    return Refreshed(
        table=context.monitor.table,
        version=record.version,
        monitor_version=record.monitor_version,
        profile_rows=written[0],
        drift_rows=written[1],
        why=context.work.why,
        is_whole=context.work.is_whole,
        notes=tuple(notes),
    )
