"""SCD type 2, and type 1 with partial updates: every event is remembered, and the touched keys are computed anew from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from goldlane.pipelines.cdc.events import read_tally, tally_columns
from goldlane.pipelines.cdc.names import DELETED, END_AT, OUTSIDE, SEQUENCE, START_AT, TRUNCATES, column, columns
from goldlane.pipelines.cdc.retention import still_needed
from goldlane.pipelines.cdc.state import State
from goldlane.pipelines.cdc.target import MergeRows, Target, assigned_data, meeting_keys, same_values
from goldlane.pipelines.cdc.timeline import GONE, final_rows, folded_events, versions
from goldlane.pipelines.cdc.truncates import remember_truncates, with_truncates

if TYPE_CHECKING:
    from goldlane.pipelines.cdc.columns import Layout
    from goldlane.pipelines.cdc.spec import ChangeSpec


def apply_logged(events: DataFrame, layout: Layout, spec: ChangeSpec, table: Target, path: Path) -> tuple[int, int]:
    """Remember the events, then bring the touched keys of the target up to what is remembered; rows upserted and deleted.

    The log comes first and is a set of facts: repeating the batch after a crash adds nothing to it, and mends the target.
    """
    state = State(events.sparkSession, path, "events_1" if spec.scd_type == 1 else "events_2")
    state.check(events, spec.target)
    batch = events.persist(StorageLevel.DISK_ONLY)
    try:
        tally = read_tally(batch.agg(*tally_columns(layout)))
        tally.refuse(spec)
        if tally.truncates:
            remember_truncates(batch, F.when(F.col(TRUNCATES), F.col(SEQUENCE)), state)
        state.kept.append(batch.where(~F.col(TRUNCATES)).select(*_facts(events)))
        touched = None if tally.truncates else batch.select(*layout.key_columns()).distinct()
        changed = _refresh(touched, layout, spec, table, state)
    finally:
        batch.unpersist()
    state.kept.compact(lambda log: still_needed(with_truncates(log, state), layout, spec))
    return changed


def _facts(events: DataFrame) -> list[Column]:
    return columns(name for name in events.columns if name not in (TRUNCATES, OUTSIDE))


def _refresh(touched: DataFrame | None, layout: Layout, spec: ChangeSpec, table: Target, state: State) -> tuple[int, int]:
    log = state.kept.read()
    if touched is not None:
        log = log.join(touched, list(layout.keys), "left_semi")
    timeline = folded_events(with_truncates(log, state), layout)
    if spec.scd_type == 1:
        return table.merge(final_rows(timeline), layout, _final_rows(layout))
    return table.merge(versions(timeline, layout), layout, _version_rows(layout))


def _final_rows(layout: Layout) -> MergeRows:
    return MergeRows(
        matching=meeting_keys(layout),
        gone=F.col(f"s.{DELETED}"),
        differing=~same_values(layout.value_ranks("s"), layout.value_ranks("t")),
        assigned=assigned_data(layout),
    )


def _version_rows(layout: Layout) -> MergeRows:
    bounds = {name: column(name, "s") for name in (START_AT, END_AT)}
    mine, theirs = ([*layout.value_ranks(of), column(END_AT, of)] for of in ("s", "t"))
    return MergeRows(
        matching=meeting_keys(layout) & (column(START_AT, "t") == column(START_AT, "s")),
        gone=F.col(f"s.{GONE}"),
        differing=~same_values(mine, theirs),
        assigned={**assigned_data(layout), **bounds},
    )
