"""A materialized view: its rows become its query's, by what has changed or as a whole, unless nothing can have changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.flows.source import batch_counts, checked_query, query
from goldlane.pipelines.flows.target import Target
from goldlane.pipelines.incremental.changes import refused_as
from goldlane.pipelines.incremental.costs import refreshes
from goldlane.pipelines.incremental.keys import keys_of
from goldlane.pipelines.incremental.memory import LastRefresh, Reading, last_refresh
from goldlane.pipelines.incremental.policy import BEGINNINGS, RefreshPolicy
from goldlane.pipelines.incremental.reasons import Issue, IssueType, NotIncrementalError, Refreshed, Technique
from goldlane.pipelines.incremental.refresh import View, refresh, require_key
from goldlane.pipelines.incremental.sources import newest
from goldlane.pipelines.incremental.stretches import in_stretches
from goldlane.pipelines.outcome import Status
from goldlane.pipelines.plan import PlannedFlow
from goldlane.pipelines.promises import broken_key
from goldlane.pipelines.tables import merge_content, replace_content
from goldlane.pipelines.unchanged import reading_of
from goldlane.pipelines.writes import FlowReads

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def materialize(target: Target, flow: PlannedFlow) -> Status:
    """Make the table equal to the query in one commit; UNCHANGED when it must be equal already."""
    reads = FlowReads(target.world, flow.flow)
    # Rules decide about rows as the query does, so they are part of what must not have changed.
    checked = checked_query(target, flow, reads)
    known = target.world.storage.remembered(target.planned.dataset.name)
    try:
        now = reading_of(checked)
    except NotIncrementalError as reason:
        return _recomputed(target, flow, (checked, reads), None, reason)
    if now.fingerprint == known.get("fingerprint"):
        return Status.UNCHANGED
    last = None if known.get("doubled_keys") else last_refresh(known)
    try:
        return _refreshed(target, flow, last, now)
    except NotIncrementalError as reason:
        return _recomputed(target, flow, (checked, reads), now, reason)
    except Exception as error:
        key = broken_key(error)
        if key is None:
            raise
        doubled = NotIncrementalError(Issue(type=IssueType.DATA_HAS_CHANGED, why=key))
        return _recomputed(target, flow, (checked, reads), now, doubled)


def _refreshed(target: Target, flow: PlannedFlow, last: LastRefresh | None, now: Reading) -> Status:
    reads = FlowReads(target.world, flow.flow)
    dataset = target.planned.dataset
    view = View(
        planned=target.planned,
        path=target.path,
        policy=dataset.refresh_policy,
        query=lambda: query(target, flow, reads),
        enforced=lambda frame: reads.enforced(frame, dataset, is_target=True),
    )
    if last is not None:
        # A crash may leave the old rows or the new ones: keys are computed again then, and nothing is added to them.
        unsettled = LastRefresh(query=last.query, settings=last.settings, tables=last.tables, settled=False)
        target.world.storage.remember(dataset.name, fingerprint=None, refreshed=unsettled.to_json())
    done = refresh(view, last, now)
    _remember(target, now)
    target.on_refresh(flow.flow.name, done)
    target.on_write(flow.flow.name, None, batch_counts(reads))
    return Status.COMPLETED


def _recomputed(
    target: Target, flow: PlannedFlow, checked: tuple[DataFrame, FlowReads], now: Reading | None, reason: NotIncrementalError
) -> Status:
    if target.world.stop.asked:
        # What a stopped refresh raises, is no reason to begin a longer one.
        raise reason
    storage, name = target.world.storage, target.planned.dataset.name
    known = storage.remembered(name)
    _require_policy(target, flow, now, reason)
    storage.remember(name, fingerprint=None, refreshed=None)
    frame, reads = checked
    frame = frame if now is None else _laid_out(target, flow, frame, now)
    doubled = False
    try:
        # Where the table holds doubled keys, a merge by key could not mend it.
        merges = target.planned.primary_key and not known.get("doubled_keys")
        (merge_content if merges else replace_content)(frame, target.planned, target.path)
    except Exception as error:
        key = broken_key(error)
        if key is None:
            raise
        reads, doubled = _replace_as_it_is(target, flow, key), True
    storage.remember(name, doubled_keys=doubled)
    if now is not None:
        _remember(target, now)
    target.on_refresh(flow.flow.name, Refreshed(technique=Technique.COMPLETE_RECOMPUTE, issues=reason.issues))
    target.on_write(flow.flow.name, None, batch_counts(reads))
    return Status.COMPLETED


def _laid_out(target: Target, flow: PlannedFlow, frame: DataFrame, now: Reading) -> DataFrame:
    """``frame`` in an order that spares later refreshes most of its files, where there will be any."""
    dataset = target.planned.dataset
    if dataset.partition_cols or dataset.cluster_by or not refreshes(dataset.refresh_policy, now):
        return frame
    try:
        # Spark may refuse the plan of a key, or the key of a row that the query leaves out.
        with refused_as(IssueType.PLAN_NOT_INCREMENTALIZABLE, "its layout cannot be planned"):
            keys = keys_of(query(target, flow, FlowReads(target.world, flow.flow)), (), target.planned.primary_key)
            return in_stretches(frame, keys, now.tables)
    except NotIncrementalError:
        return frame


def _require_policy(target: Target, flow: PlannedFlow, now: Reading | None, reason: NotIncrementalError) -> None:
    """Refuse a recompute that ``refresh_policy`` rules out.

    Raises:
        PipelineError: the policy is incremental, and the view cannot be refreshed by its changes.
    """
    dataset = target.planned.dataset
    is_there = bool(target.world.storage.remembered(dataset.name).get("refreshed"))
    begins = not is_there or any(issue.type in BEGINNINGS for issue in reason.issues)
    try:
        if begins and dataset.refresh_policy.needs_a_key:
            if now is None:
                raise reason
            require_key(query(target, flow, FlowReads(target.world, flow.flow)), target.planned)
        elif not begins and dataset.refresh_policy is RefreshPolicy.STRICT:
            raise reason
    except NotIncrementalError as never:
        message = f"[MATERIALIZED_VIEW_NOT_INCREMENTALIZABLE] {dataset.written!r} has refresh_policy {dataset.refresh_policy}, and {never}"
        raise PipelineError(message, hint="refresh_policy='auto' computes it anew then") from never


def _remember(target: Target, now: Reading) -> None:
    """The view is made of ``now``; of it exactly when no table has moved on while it was computed."""
    session, name = target.world.session, target.planned.dataset.name
    settled = all(newest(session, path) == table for path, table in now.tables.items())
    made = LastRefresh(query=now.query, settings=now.settings, tables=now.tables, settled=settled)
    target.world.storage.remember(name, fingerprint=now.fingerprint, refreshed=made.to_json())


def _replace_as_it_is(target: Target, flow: PlannedFlow, key: str) -> FlowReads:
    """Write the content whole: a primary key is information here as on Databricks, and does not decide what the rows are."""
    target.on_retry(flow.flow.name, f"{key}, so that the table is written as a whole, doubled keys included")
    target.world.storage.remember(target.planned.dataset.name, doubled_keys=True)
    reads = FlowReads(target.world, flow.flow)
    replace_content(checked_query(target, flow, reads), target.planned, target.path, unique=False)
    return reads
