"""Refreshes a materialized view by what has changed in its sources, or says why that cannot be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.incremental.changes import Changes, changes_between, refused_as
from goldlane.pipelines.incremental.costs import require_few_changes, require_few_keys, require_much, rows_of
from goldlane.pipelines.incremental.gains import new_rows
from goldlane.pipelines.incremental.keys import Keys, keys_of
from goldlane.pipelines.incremental.memory import LastRefresh, Reading
from goldlane.pipelines.incremental.merging import append_rows, replace_keys
from goldlane.pipelines.incremental.plans import each, kind
from goldlane.pipelines.incremental.policy import RefreshPolicy
from goldlane.pipelines.incremental.reasons import Issue, IssueType, NotIncrementalError, Refreshed, Technique
from goldlane.pipelines.incremental.restricted import restricted
from goldlane.pipelines.incremental.touched import touched_keys
from goldlane.pipelines.plan import PlannedDataset
from goldlane.pipelines.tables import fits, has_partitions, in_declared_order

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_NO_PLAN = "Spark refuses its plan over touched keys"
_GROUPS = frozenset({"Aggregate", "Deduplicate", "Distinct"})


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A materialized view to refresh: ``query`` makes its rows, ``enforced`` puts them under its rules."""

    planned: PlannedDataset
    path: Path
    policy: RefreshPolicy
    query: Callable[[], DataFrame]
    enforced: Callable[[DataFrame], DataFrame]


def refresh(view: View, last: LastRefresh | None, now: Reading) -> Refreshed:
    """Bring the view from what it was made of to ``now``, in one commit that writes no more than the rows of touched keys.

    Raises:
        NotIncrementalError: it must be computed anew; nothing was written.
    """
    since = _required(view, last, now)
    rows = rows_of(now.tables.values())
    if view.policy.weighs_costs:
        require_much(rows)
    frame = view.query()
    session = frame.sparkSession
    if not (fits(in_declared_order(frame, view.planned), view.planned, view.path) and has_partitions(session, view.planned, view.path)):
        raise NotIncrementalError(Issue(type=IssueType.DATA_SCHEMA_CHANGED, why="its own columns or partitions have changed"))
    moved = [path for path, table in now.tables.items() if table != since.tables[path]]
    with refused_as(IssueType.PLAN_NOT_INCREMENTALIZABLE, _NO_PLAN):
        keys = keys_of(frame, moved, view.planned.primary_key)
    changes = {path: changes_between(session, since.tables[path], now.tables[path]) for path in moved}
    if view.policy.weighs_costs:
        require_few_changes(session, now.tables, changes)
    if since.settled and not view.planned.primary_key and all(change.only_appended for change in changes.values()):
        inserted = {path: change.inserted for path, change in changes.items() if change.inserted is not None}
        gained = new_rows(keys, inserted)
        if gained is not None:
            append_rows(view.enforced(gained), view.planned, view.path)
            return Refreshed(technique=Technique.APPEND_ONLY, source_rows=rows)
    return _by_key(view, keys, changes, now, rows)


def require_key(frame: DataFrame, planned: PlannedDataset) -> None:
    """Refuse a view that could never be refreshed by its changes.

    Raises:
        NotIncrementalError: no column of it can be followed to its sources.
    """
    keys_of(frame, (), planned.primary_key)


def _by_key(view: View, keys: Keys, changes: Mapping[str, Changes], now: Reading, rows: int | None) -> Refreshed:
    technique = _technique(keys.plan)
    with touched_keys(keys, changes) as touched:
        done = Refreshed(technique=technique, columns=keys.columns, keys=touched.count, source_rows=rows, rows_read=0)
        if not touched.count:
            return done
        with refused_as(IssueType.PLAN_NOT_INCREMENTALIZABLE, _NO_PLAN):
            found = restricted(keys, now.tables, touched)
        if view.policy.weighs_costs:
            require_few_keys(touched, keys, view.path, found.rows_read / rows if rows and found.rows_read is not None else None)
        replace_keys(view.enforced(found.frame), view.planned, view.path, touched, keys.columns)
        return Refreshed(technique=technique, columns=keys.columns, keys=touched.count, source_rows=rows, rows_read=found.rows_read)


def _required(view: View, last: LastRefresh | None, now: Reading) -> LastRefresh:
    """The last refresh, if it can be gone on from."""
    if view.policy is RefreshPolicy.FULL:
        raise NotIncrementalError(Issue(type=IssueType.REFRESH_POLICY_FULL, why="its refresh_policy is full"))
    if last is None:
        raise NotIncrementalError(Issue(type=IssueType.CHANGE_SET_MISSING, why="nothing is known of an earlier refresh"))
    if last.query != now.query or last.tables.keys() != now.tables.keys():
        raise NotIncrementalError(Issue(type=IssueType.QUERY_FINGERPRINT_CHANGED, why="its query has changed"))
    if last.settings != now.settings:
        raise NotIncrementalError(Issue(type=IssueType.CONFIGURATION_CHANGED, why="the session's settings have changed"))
    for path, table in now.tables.items():
        if table.id != last.tables[path].id or table.version < last.tables[path].version:
            raise NotIncrementalError(Issue(type=IssueType.CHANGE_SET_MISSING, why=f"{table.name} was made anew", table=table.name))
    return last


def _technique(plan: Any) -> Technique:
    kinds, waiting = set(), [plan]
    while waiting:
        node = waiting.pop()
        kinds.add(kind(node))
        waiting += each(node.children())
    if "Window" in kinds:
        return Technique.WINDOW_FUNCTION
    return Technique.GENERIC_AGGREGATE if kinds & _GROUPS else Technique.ROW_BASED
