"""Whether a table can be watched as the monitor says, and which of its columns cannot be compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from goldlane.monitoring.columns import CATEGORICAL, WatchedColumn, watched_columns
from goldlane.monitoring.errors import WatchedTableError
from goldlane.monitoring.monitors import Monitor
from goldlane.monitoring.profiles import InferenceLog, Snapshot
from goldlane.monitoring.windows import INSTANT_TYPES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.monitoring.context import RefreshContext


def require_fit(rows: DataFrame, monitor: Monitor) -> None:
    """Refuse a table without the columns that the monitor's profile names.

    Raises:
        WatchedTableError: all mistakes at once.
    """
    mistakes = list(_mistakes(rows, monitor))
    if mistakes:
        raise WatchedTableError(f"{monitor.table} cannot be watched", mistakes)


def column_notes(context: RefreshContext) -> list[str]:
    """Which of the table's columns are gone, or cannot be compared with the snapshot before or with the baseline."""
    now = watched_columns(context.watched.frame(context.spark).schema)
    notes = [] if context.record is None else [*_since(context.record.columns, now, is_snapshot=context.is_snapshot)]
    if context.baseline is not None and (context.work.is_whole or not context.has_same_baseline):
        notes += _beside(watched_columns(context.baseline.frame(context.spark).schema), now, str(context.monitor.baseline))
    return notes


def _since(before: Mapping[str, Sequence[str]], columns: Iterable[WatchedColumn], *, is_snapshot: bool) -> Iterator[str]:
    now = {column.name.lower(): column for column in columns}
    for name, (data_type, kind) in before.items():
        column = now.get(name.lower())
        if column is None:
            yield f"column {name!r} is gone from the table"
        elif is_snapshot and column.kind != kind:  # windows in time are all read anew when a type changes
            told = f"column {name!r} was {data_type} and is {column.data_type}"
            yield f"{told}: its counts are compared with the snapshot before, its values are not"


def _beside(baseline: Iterable[WatchedColumn], columns: Iterable[WatchedColumn], name: str) -> Iterator[str]:
    there = {column.name.lower(): column for column in baseline}
    for column in columns:
        then = there.get(column.name.lower())
        if then is None:
            yield f"the baseline {name} has no column {column.name!r}; it has no baseline drift"
        elif then.kind != column.kind:
            told = f"column {column.name!r} is {column.data_type}, and {then.data_type} in the baseline {name}"
            yield f"{told}: its counts are compared with the baseline, its values are not"


def _mistakes(rows: DataFrame, monitor: Monitor) -> Iterator[str]:
    profile = monitor.profile
    if isinstance(profile, Snapshot):
        return
    columns = {column.name.lower(): column for column in watched_columns(rows.schema)}
    roles = {"timestamp": profile.timestamp}
    if isinstance(profile, InferenceLog):
        roles |= {"prediction": profile.prediction, "model_id": profile.model_id}
        roles |= {role: getattr(profile, role) for role in ("label", "prediction_proba") if getattr(profile, role)}
    for role, name in roles.items():
        if name.lower() not in columns:
            yield f"there is no column {name!r}, the monitor's {role}; there are {', '.join(rows.columns)}"
    found = columns.get(profile.timestamp.lower())
    if found is not None and found.type_name not in INSTANT_TYPES and not (found.kind == CATEGORICAL and found.type_name != "boolean"):
        yield f"the timestamp {found.name!r} is {found.data_type}; it must be a timestamp, a date, or text that is one"
