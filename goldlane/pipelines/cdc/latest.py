"""SCD type 1 with whole rows: the newest event of each key wins; only its sequence has to be remembered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldlane.pipelines.cdc.events import read_tally, tally_columns
from goldlane.pipelines.cdc.names import ARRIVED, DELETED, SEQUENCE, TRUNCATES, columns, is_orderable
from goldlane.pipelines.cdc.state import State
from goldlane.pipelines.cdc.target import MergeRows, Target, assigned_data, greater_values, meeting_keys
from goldlane.pipelines.cdc.truncates import remember_truncates, with_truncates

if TYPE_CHECKING:
    from goldlane.pipelines.cdc.columns import Layout
    from goldlane.pipelines.cdc.spec import ChangeSpec

_EVENT, _KNOWN, _NEWER, _TRUNCATED = "__cdc_event", "__cdc_known", "__cdc_newer", "__cdc_truncated"


def apply_latest(events: DataFrame, layout: Layout, spec: ChangeSpec, table: Target, path: Path) -> tuple[int, int]:
    """Merge the newest event per key into the target, then remember its sequence; rows upserted and deleted.

    The target comes first: after a crash between the two, the batch meets the old sequences again and has the same outcome.
    """
    state = State(events.sparkSession, path, "sequences")
    state.check(events, spec.target)
    newest = _newest_per_key(events, layout).persist(StorageLevel.DISK_ONLY)
    try:
        tally = read_tally(newest)
        tally.refuse(spec)
        if tally.truncates:
            remember_truncates(newest, F.col(_TRUNCATED), state)
        winners = _winners(newest, layout, state, truncating=tally.truncates > 0)
        changed = table.merge(_not_late(winners, layout, state), layout, _merge_rows(layout))
        state.kept.append(winners.select(*layout.key_columns(), SEQUENCE, DELETED))
    finally:
        newest.unpersist()
    state.kept.compact(lambda log: _still_needed(log, layout, spec))
    return changed


def _newest_per_key(events: DataFrame, layout: Layout) -> DataFrame:
    """One row per key: its newest event (NULL when it has only truncates), and what is wrong with its rows."""
    whole = F.struct(SEQUENCE, DELETED, *columns(layout.values))
    event = F.when(~F.col(TRUNCATES), whole)
    if all(is_orderable(layout.type_of(name)) for name in layout.values):
        newest = F.max(event)
    else:
        newest = F.max_by(event, F.when(~F.col(TRUNCATES), F.struct(SEQUENCE, DELETED, *layout.value_ranks())))
    truncated = F.max(F.when(F.col(TRUNCATES), F.col(SEQUENCE)))
    return events.groupBy(*layout.key_columns()).agg(newest.alias(_EVENT), truncated.alias(_TRUNCATED), *tally_columns(layout))


def _winners(newest: DataFrame, layout: Layout, state: State, *, truncating: bool) -> DataFrame:
    """The newest events as columns; in a batch that truncates, also a delete for every key that is remembered from before."""
    event = F.col(_EVENT)
    fields = [event.getField(name).alias(name) for name in (SEQUENCE, DELETED, *layout.values)]
    winners = with_truncates(newest.where(event.isNotNull()).select(*layout.key_columns(), *fields), state)
    if not truncating or not state.kept.exists:
        return winners
    before = with_truncates(_last_known(state.kept.read(), layout), state).where(DELETED)
    both = winners.unionByName(before.drop(ARRIVED), allowMissingColumns=True)
    last = F.max_by(F.struct(*columns(both.columns)), F.struct(SEQUENCE, DELETED)).alias(_EVENT)
    return both.groupBy(*layout.key_columns()).agg(last).select(f"{_EVENT}.*")


def _not_late(winners: DataFrame, layout: Layout, state: State) -> DataFrame:
    """Winners that are newer than what is remembered of their key, or may be a greater row at the same sequence."""
    if not state.kept.exists:
        return winners.withColumn(_NEWER, F.lit(True))
    touched = state.kept.read().join(winners.select(*layout.key_columns()), list(layout.keys), "left_semi")
    order = F.struct(SEQUENCE, DELETED)
    known = touched.groupBy(*layout.key_columns()).agg(F.max(order).alias(_KNOWN))
    newer = F.col(_KNOWN).isNull() | (order > F.col(_KNOWN))
    tied = (order == F.col(_KNOWN)) & ~F.col(DELETED)
    return winners.join(known, list(layout.keys), "left").withColumn(_NEWER, newer).where(newer | tied).drop(_KNOWN)


def _merge_rows(layout: Layout) -> MergeRows:
    greater = greater_values(layout.value_ranks("s"), layout.value_ranks("t"))
    return MergeRows(
        matching=meeting_keys(layout),
        gone=F.col(f"s.{DELETED}"),
        differing=F.col(f"s.{_NEWER}") | greater,
        assigned=assigned_data(layout),
    )


def _last_known(log: DataFrame, layout: Layout) -> DataFrame:
    """One row per key: its greatest sequence, whether that deleted it, and when it arrived."""
    last = F.max(F.struct(SEQUENCE, DELETED, ARRIVED)).alias(_KNOWN)
    return log.groupBy(*layout.key_columns()).agg(last).select(*layout.key_columns(), f"{_KNOWN}.*")


def _still_needed(log: DataFrame, layout: Layout, spec: ChangeSpec) -> DataFrame:
    old = F.col(ARRIVED) < F.current_timestamp() - F.lit(spec.tombstone_ttl)
    return _last_known(log, layout).where(~(F.col(DELETED) & old))
