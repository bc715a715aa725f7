"""The state of what changed, written in one commit."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldlane.monitoring.affected import windows_condition
from goldlane.monitoring.columns import quoted
from goldlane.monitoring.context import RefreshContext
from goldlane.monitoring.merging import state_at
from goldlane.monitoring.planning import base_of, base_start
from goldlane.monitoring.scanning import Cut, empty_state, scanned_state
from goldlane.monitoring.schemas import BASELINE, INPUT
from goldlane.monitoring.slices import Slices, sliceable
from goldlane.monitoring.state import STATE_KEYS
from goldlane.monitoring.storing import NOTHING, read_delta, write_delta
from goldlane.monitoring.windows import FIRST_YEAR, LAST_YEAR, timestamp_literal

if TYPE_CHECKING:
    from pyspark.sql import Column


def write_state(context: RefreshContext, slices: Slices) -> list[str]:
    """Replace the state of the windows that changed, and of the baseline if that did; notes on rows and columns that are in none."""
    rows = context.rows()
    states, notes = [], _unplaced(context, rows)
    condition = _condition(context)
    if not context.reads_nothing:
        states.append(_input_state(context, rows, slices))
    if needs_baseline(context, slices):
        baseline, more = _baseline_state(context, slices)
        states, notes = [*states, baseline], [*notes, *more]
        condition = None if condition is None else f"{condition} OR log_type = '{BASELINE}'"
    elif condition is None and context.baseline is not None:
        condition = f"log_type = '{INPUT}'"
    if states:
        write_delta(reduce(DataFrame.unionByName, states), context.place.state, condition)
    return notes


def needs_baseline(context: RefreshContext, slices: Slices) -> bool:
    """Whether the baseline's state has to be made: it, or what it is sliced by, has changed."""
    if context.baseline is None:
        return False
    record = context.record
    if record is None or record.fingerprint != context.monitor.fingerprint:
        return True
    return not context.has_same_baseline or _plain(record.slices) != _plain(slices)


def snapshot_condition(context: RefreshContext) -> str | None:
    """SQL that is true of the rows that this snapshot takes the place of, and of those that refreshes which did not end have left.

    None for all of them.
    """
    record = context.record
    if not context.keeps_snapshots or (record is None and context.begun is not None):
        return None
    if context.is_next_snapshot:
        return NOTHING
    later = "" if record is None else f" OR window.start > {timestamp_literal(record.instant or 0)}"
    return f"(granularity IS NULL AND (window.start = {timestamp_literal(context.instant)}{later}))"


def _plain(slices: Slices) -> dict[str, list[str | None]]:
    return {expression: list(values) for expression, values in slices.items()}


def _condition(context: RefreshContext) -> str | None:
    """Which rows of the state are replaced; None for all."""
    if context.reads_nothing:
        return NOTHING
    if context.is_snapshot:
        return snapshot_condition(context)
    granularity = base_of(context.monitor)
    if context.work.windows is None or granularity is None:
        return None
    return windows_condition([(granularity, context.work.windows)])


def _input_state(context: RefreshContext, rows: DataFrame, slices: Slices) -> DataFrame:
    cut = Cut(
        log_type=INPUT,
        start=base_start(rows, context.monitor, context.instant),
        granularity=base_of(context.monitor),
        model_id=_model(context),
        slices=slices,
    )
    if not context.is_snapshot:
        return scanned_state(rows, cut)
    if context.work.added is None:
        return empty_state(rows, cut) if rows.isEmpty() else scanned_state(rows, cut)
    instant = timestamp_literal((context.record and context.record.instant) or 0)
    before = read_delta(context.spark, context.place.state).where(f"log_type = '{INPUT}' AND window.start = {instant}")
    return state_at(scanned_state(rows, cut).unionByName(before), context.instant)


def _model(context: RefreshContext) -> Column | None:
    return None if context.model_id is None else F.col(quoted(context.model_id))


def _baseline_state(context: RefreshContext, slices: Slices) -> tuple[DataFrame, list[str]]:
    """One window without a time; the slices that the baseline can be cut by."""
    if context.baseline is None:
        raise ValueError("there is no baseline")
    rows, name = context.baseline.frame(context.spark), context.monitor.baseline
    usable, why = sliceable(rows, slices)
    notes = [f"the baseline {name} cannot be cut by {each!r}; its slices have no baseline: {told}" for each, told in why.items()]
    if rows.isEmpty():
        notes.append(f"the baseline {name} is empty; nothing is compared with it")
    state = scanned_state(rows, Cut(log_type=BASELINE, start=F.lit(0).cast("bigint"), slices=usable))
    return state.withColumn("window", F.lit(None).cast(STATE_KEYS["window"])), notes


def _unplaced(context: RefreshContext, rows: DataFrame) -> list[str]:
    if context.is_snapshot:
        return []
    number = rows.where(base_start(rows, context.monitor, 0).isNull()).count() if context.work.is_whole else context.work.unplaced
    timestamp = getattr(context.monitor.profile, "timestamp", "")
    return [f"{number} rows have no {timestamp} from the year {FIRST_YEAR} to {LAST_YEAR} and are in no window"] if number else []
