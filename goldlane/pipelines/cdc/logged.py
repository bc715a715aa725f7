"""Histories, and SCD type 1 with partial updates: every event is remembered, and the touched keys are computed anew from them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import and_
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from goldlane.pipelines.cdc.beliefs import believed_versions, with_disproved
from goldlane.pipelines.cdc.events import read_tally, tally_columns
from goldlane.pipelines.cdc.names import (
    DELETED,
    END_AT,
    OUTSIDE,
    SEQUENCE,
    START_AT,
    SYSTEM_END_AT,
    SYSTEM_START_AT,
    TRUNCATES,
    column,
    columns,
)
from goldlane.pipelines.cdc.retention import still_needed
from goldlane.pipelines.cdc.state import Kind, State
from goldlane.pipelines.cdc.target import MergeRows, Target, assigned_data, meeting_keys, same_values
from goldlane.pipelines.cdc.timeline import GONE, final_rows, folded_events, versions
from goldlane.pipelines.cdc.truncates import remember_truncates, with_truncates

if TYPE_CHECKING:
    from goldlane.pipelines.cdc.columns import Layout
    from goldlane.pipelines.cdc.spec import ChangeSpec

_LOGS: Mapping[object, Kind] = {1: "events_1", 2: "events_2", "bitemporal": "events_bitemporal"}


def apply_logged(events: DataFrame, layout: Layout, spec: ChangeSpec, table: Target, path: Path) -> tuple[int, int]:
    """Remember the events, then bring the touched keys of the target up to what is remembered; rows upserted and deleted.

    The log comes first and is a set of facts: repeating the batch after a crash adds nothing to it, and mends the target.
    """
    state = State(events.sparkSession, path, _LOGS[spec.scd_type])
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
    if spec.scd_type == "bitemporal":
        return _correct_beliefs(log, _held(table, touched, layout), layout, table)
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


def _correct_beliefs(log: DataFrame, held: DataFrame, layout: Layout, table: Target) -> tuple[int, int]:
    believed = believed_versions(log, layout).persist(StorageLevel.DISK_ONLY)
    try:
        return table.merge(with_disproved(believed, held, layout), layout, _believed_rows(layout))
    finally:
        believed.unpersist()


def _held(table: Target, touched: DataFrame | None, layout: Layout) -> DataFrame:
    rows = table.read()
    return rows if touched is None else rows.join(touched, list(layout.keys), "left_semi")


def _version_rows(layout: Layout) -> MergeRows:
    return _bounded_rows(layout, starts=(START_AT,), ends=(END_AT,))


def _believed_rows(layout: Layout) -> MergeRows:
    return _bounded_rows(layout, starts=(START_AT, SYSTEM_START_AT), ends=(END_AT, SYSTEM_END_AT))


def _bounded_rows(layout: Layout, *, starts: tuple[str, ...], ends: tuple[str, ...]) -> MergeRows:
    mine, theirs = ([*layout.value_ranks(of), *columns(ends, of)] for of in ("s", "t"))
    return MergeRows(
        matching=reduce(and_, [column(name, "t") == column(name, "s") for name in starts], meeting_keys(layout)),
        gone=F.col(f"s.{GONE}"),
        differing=~same_values(mine, theirs),
        assigned={**assigned_data(layout), **{name: column(name, "s") for name in (*starts, *ends)}},
    )
