"""The metric tables of a monitor as rows, without a JVM: only what its rules ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.monitoring.alerts.metricrows import MetricRows, Row
from goldlane.monitoring.alerts.rules import AlertRule
from goldlane.monitoring.granularities import DAY_US, granularity
from goldlane.monitoring.profiles import InferenceLog, Snapshot
from goldlane.monitoring.schemas import BASELINE
from goldlane.pipelines.names import Namespace
from goldlane.pipelines.storage import Storage

if TYPE_CHECKING:
    from deltalake import DeltaTable

    from goldlane.monitoring.monitors import Monitor

# What no rule looks at, and is most of a row.
_HEAVY = {"quantiles", "frequent_items", "confusion_matrix"}
_WINDOWS_READ = 400
_MONTH_DAYS = 31


def metric_rows(monitor: Monitor, storage: Path) -> MetricRows:
    """The rows that the monitor's rules are about: their granularities and slices, of the newest 400 windows.

    Raises:
        GoldlaneError: a metric table is missing or cannot be read.
    """
    profile = monitor.profile
    model = profile.model_id if isinstance(profile, InferenceLog) else None
    timestamp = None if isinstance(profile, Snapshot) else profile.timestamp
    rows = (list(_rows(table, monitor, storage)) for table in (monitor.profile_table, monitor.drift_table))
    return MetricRows(profile=next(rows), drift=next(rows), timestamp=timestamp, model_id=model)


def _rows(table: str, monitor: Monitor, storage: Path) -> Iterator[Row]:
    from goldlane.features.delta_files import ask, open_delta

    name = Namespace().qualify(table)
    delta = open_delta(Storage(storage).table(name), table)
    columns = [field.name for field in delta.schema().fields if field.name not in _HEAVY]
    wanted = ", ".join(f'"{column}"' for column in columns)
    sql = f"SELECT {wanted} FROM gold WHERE {_condition(monitor, delta, columns)}"  # noqa: S608  names of the table's own columns
    for batch in ask(delta, sql):
        yield from batch.to_pylist()


def _condition(monitor: Monitor, delta: DeltaTable, columns: Sequence[str]) -> str:
    rules = [rule for rule in monitor.alerts if isinstance(rule, AlertRule)]
    parts = [] if any(rule.slices for rule in rules) else ["slice_key IS NULL"]
    names = _granularities(monitor, rules)
    if names:
        listed = ", ".join(f"'{name}'" for name in names)
        parts += [f"granularity IN ({listed})"]
        newest = _newest(delta, names[0])
        parts += [] if newest is None else [f"\"window\"['start'] >= TIMESTAMP '{_since(newest, names):%Y-%m-%d %H:%M:%S}+00:00'"]
    condition = " AND ".join(parts) or "true"
    # A baseline's rows have no granularity, and no time.
    return f"({condition}) OR log_type = '{BASELINE}'" if "log_type" in columns else condition


def _granularities(monitor: Monitor, rules: Sequence[AlertRule]) -> list[str]:
    """The finest one, and those that rules name; none for a snapshot."""
    by_width = sorted(monitor.granularities, key=_width)
    named = {name for rule in rules for name in rule.granularities}
    return by_width[:1] + [name for name in by_width[1:] if name in named]


def _newest(delta: DeltaTable, finest: str) -> datetime | None:
    from goldlane.features.delta_files import ask

    sql = f"SELECT max(\"window\"['start']) AS newest FROM gold WHERE granularity = '{finest}'"  # noqa: S608  one of the known granularities
    found: list[Mapping[str, Any]] = [row for batch in ask(delta, sql) for row in batch.to_pylist()]
    return found[0]["newest"] if found else None


def _since(newest: datetime, names: Sequence[str]) -> datetime:
    """When the oldest window that is read begins: of the widest granularity, for the others are no more than that."""
    reach = timedelta.max if len(names) > 1 else _WINDOWS_READ * _width(names[0])
    first = datetime(1970, 1, 1, tzinfo=newest.tzinfo)
    return first if reach > newest - first else newest - reach


def _width(name: str) -> timedelta:
    found = granularity(name)
    microseconds = found.microseconds if found.microseconds is not None else (found.months or 1) * _MONTH_DAYS * DAY_US
    return timedelta(microseconds=microseconds)
