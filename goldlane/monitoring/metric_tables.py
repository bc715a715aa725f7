"""The metric tables of the windows that a refresh reached, written in one commit each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from goldlane.monitoring.affected import Affected, affected, windows_condition
from goldlane.monitoring.columns import TABLE
from goldlane.monitoring.context import RefreshContext
from goldlane.monitoring.drift import drift_rows
from goldlane.monitoring.enrichment import enriched_drift, enriched_profile
from goldlane.monitoring.granularities import granularity
from goldlane.monitoring.merging import coarser_state
from goldlane.monitoring.metrics import profile_rows
from goldlane.monitoring.planning import base_of
from goldlane.monitoring.schemas import BASELINE, INPUT
from goldlane.monitoring.storing import LOG, NOTHING, Record, read_delta, retype, write_delta
from goldlane.monitoring.windows import start_us
from goldlane.monitoring.writing import needs_baseline, snapshot_condition

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# Of profile. Each may stand for three of state, of some 30 KB: the window, and those before and after it.
_FEW_ROWS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reach:
    """The state that is read, marked ``profiled`` and ``changed``, and which rows of the two tables are replaced (None: all)."""

    state: DataFrame
    profile: str | None
    drift: str | None

    def is_small(self, profiled: int) -> bool:
        """Whether the state behind ``profiled`` rows fits the driver; all snapshots may be compared where one is profiled."""
        return profiled <= _FEW_ROWS and (self.drift is not None or self.profile is None)


def write_metrics(context: RefreshContext, now: Record) -> tuple[int, int, list[str]]:
    """Write profile, then drift; how many rows each got, and notes on metrics that could not be computed."""
    reach = _reach(context, now)
    state = reach.state.persist()
    try:
        profile = profile_rows(state.where("profiled"), commit_version=now.version, monitor_version=now.monitor_version)
        profiled = enriched_profile(context, profile, now.slices)
        profile_count = _written(context, _named(profiled.frame, context), context.place.profile, reach.profile)
        drift = drift_rows(state.drop("profiled"), monitor_version=now.monitor_version, is_small=reach.is_small(profile_count))
        named = _named(drift if reach.drift in (None, NOTHING) else drift.where(reach.drift), context)
        drifted = enriched_drift(context, named, read_delta(context.spark, context.place.profile))
        drift_count = _written(context, drifted.frame, context.place.drift, reach.drift)
        profiled.release()
        drifted.release()
    finally:
        state.unpersist()
    return profile_count, drift_count, [*profiled.notes, *drifted.notes]


def _written(context: RefreshContext, frame: DataFrame, place: Path, condition: str | None) -> int:
    """How many rows were; a custom metric may have another type than it had in rows that stay."""
    if context.monitor.custom_metrics and condition is not None and (place / LOG).is_dir():
        retype(place, frame)
    return write_delta(frame, place, condition)


def _reach(context: RefreshContext, now: Record) -> _Reach:
    stored = read_delta(context.spark, context.place.state)
    is_new = needs_baseline(context, now.slices)
    reach = _snapshot_reach(context, stored) if context.is_snapshot else _windows_reach(context, stored)
    marks = {"profiled": F.lit(is_new or reach.profile is None), "changed": F.lit(False)}
    baseline = stored.where(F.col("log_type") == BASELINE).withColumns(marks)
    profile = f"{reach.profile} OR log_type = '{BASELINE}'" if is_new and reach.profile is not None else reach.profile
    return _Reach(state=reach.state.unionByName(baseline), profile=profile, drift=reach.drift)


def _snapshot_reach(context: RefreshContext, stored: DataFrame) -> _Reach:
    """The newest snapshot and the one before it; all of them where the baseline has changed."""
    start = F.unix_micros("window.start")
    of_input = stored.where(F.col("log_type") == INPUT)
    condition = snapshot_condition(context)
    if not context.has_same_baseline and context.record is not None:
        marked = of_input.withColumns({"profiled": start == context.instant, "changed": F.lit(True)})
        return _Reach(state=marked, profile=condition, drift=None)
    before = _snapshot_before(context, of_input)
    chosen = of_input.where(start.isin([each for each in (before, context.instant) if each is not None]))
    return _Reach(
        state=chosen.withColumns({"profiled": start == context.instant, "changed": start == context.instant}),
        profile=condition,
        drift=condition,
    )


def _snapshot_before(context: RefreshContext, snapshots: DataFrame) -> int | None:
    """The instant of the snapshot that this one is compared with."""
    record = context.record
    if record is not None and record.instant is not None and record.instant < context.instant:
        return record.instant
    if not context.has_state:
        return None
    start = F.unix_micros("window.start")
    found: int | None = snapshots.where(start < context.instant).agg(F.max(start)).collect()[0][0]
    return found


def _windows_reach(context: RefreshContext, stored: DataFrame) -> _Reach:
    of_input = stored.where(F.col("log_type") == INPUT)
    if context.work.windows is None or not context.has_same_baseline:
        marks = {"profiled": F.lit(True), "changed": F.lit(True)}
        return _Reach(state=_at_all(context, of_input, None).withColumns(marks), profile=None, drift=None)
    groups = _groups(of_input)
    reached = {name: affected(groups, context.work.windows, granularity(name)) for name in context.monitor.granularities}
    return _Reach(
        state=_at_all(context, of_input, reached),
        profile=windows_condition((each.granularity, each.profiled) for each in reached.values()),
        drift=windows_condition((each.granularity, each.drifted) for each in reached.values()),
    )


def _groups(state: DataFrame) -> dict[tuple[str | None, ...], list[int]]:
    """The base windows that each slice and model has."""
    found: dict[tuple[str | None, ...], list[int]] = {}
    keys = ("slice_key", "slice_value", "model_id")
    for row in state.where(F.col("kind") == TABLE).select(*keys, F.unix_micros("window.start").alias("start")).collect():
        found.setdefault(tuple(row[key] for key in keys), []).append(row["start"])
    return found


def _at_all(context: RefreshContext, state: DataFrame, reached: dict[str, Affected] | None) -> DataFrame:
    """State at every granularity that is asked for; where ``reached`` says which windows, those only, marked."""
    base, frames = base_of(context.monitor), []
    for name in context.monitor.granularities:
        wanted = granularity(name)
        start = start_us(F.unix_micros("window.start"), wanted)
        finer = state if reached is None else state.where(start.isin(sorted(reached[name].read)))
        frame = finer if base is not None and base.name == wanted.name else coarser_state(finer, wanted)
        frames.append(frame if reached is None else frame.withColumns(_marks(reached[name])))
    first, *others = frames
    for other in others:
        first = first.unionByName(other)
    return first


def _marks(reached: Affected) -> dict[str, Column]:
    start = F.unix_micros("window.start")
    return {"profiled": start.isin(sorted(reached.profiled)), "changed": start.isin(sorted(reached.drifted))}


def _named(metrics: DataFrame, context: RefreshContext) -> DataFrame:
    """The model's column under its own name; none where there are no models."""
    return metrics.drop("model_id") if context.model_id is None else metrics.withColumnRenamed("model_id", context.model_id)
