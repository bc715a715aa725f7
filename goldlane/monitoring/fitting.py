"""Whether a table can be watched as the monitor says, and what of the monitor has to be left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from goldlane.errors import first_line
from goldlane.monitoring.columns import CATEGORICAL, watched_columns
from goldlane.monitoring.errors import WatchedTableError
from goldlane.monitoring.monitors import Monitor
from goldlane.monitoring.profiles import InferenceLog, Snapshot
from goldlane.monitoring.windows import INSTANT_TYPES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def require_fit(rows: DataFrame, monitor: Monitor) -> None:
    """Refuse a table without the columns that the monitor's profile names.

    Raises:
        WatchedTableError: all mistakes at once.
    """
    mistakes = list(_mistakes(rows, monitor))
    if mistakes:
        raise WatchedTableError(f"{monitor.table} cannot be watched", mistakes)


def usable_slices(rows: DataFrame, monitor: Monitor) -> tuple[list[str], list[str]]:
    """The slicing expressions that ``rows`` can be cut by, and a note on each of the others."""
    from pyspark.errors import AnalysisException
    from pyspark.sql import functions as F

    usable, notes = [], []
    for expression in monitor.slicing:
        try:
            _ = rows.select(F.expr(expression).cast("string")).schema
        except AnalysisException as error:
            notes.append(f"slicing expression {expression!r} is left out: {first_line(error)}")
        else:
            usable.append(expression)
    return usable, notes


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
