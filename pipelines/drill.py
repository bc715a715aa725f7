"""A drill for the monitor of transactions: clean days, on which it must be silent, and a day on which something went wrong at a source."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import write_deltalake

from features.monitors import TRANSACTIONS_MONITOR
from goldlane.errors import GoldlaneError
from goldlane.monitoring import TimeSeries, evaluate_alerts
from goldlane.monitoring.alerts import AlertLedger
from goldlane.monitoring.monitors import watched_name
from goldlane.monitoring.refreshing import refresh
from goldlane.pipelines.storage import Storage

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from goldlane.monitoring.alerts import Alert

PLANTED = "amounts in cents instead of euros, and every third channel unknown"
# The lane's own monitor and rules, made small: the days by themselves, no slices, and these columns. The rule on volume needs a week.
_MONITOR = replace(TRANSACTIONS_MONITOR, profile=TimeSeries(timestamp="event_time", granularities=("1 day",)), slicing=())
_COLUMNS = ("event_time", "amount", "channel", "entry_mode")
_DAYS = 8
_DAY = timedelta(days=1)
_SPOILT = {"amount", "channel"}
_HUNDREDFOLD, _EVERY = 100, 3


class DrillError(GoldlaneError):
    """The monitor told of a clean day, or did not tell of the planted one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """The days that were looked at, and the alerts of the one on which something was planted."""

    clean_day: datetime
    planted_day: datetime
    alerts: tuple[Alert, ...]


def drill(transactions: DataFrame, folder: Path) -> Drill:
    """The last whole days of ``transactions``, and one more day with ``PLANTED``, watched in a storage of their own.

    Raises:
        DrillError: a clean day raised an alert, or the planted one did not.
    """
    rows = transactions.select(*_COLUMNS).toArrow()
    # The last day of the sample ends before midnight, and is left out.
    planted = pc.max(rows["event_time"]).as_py().replace(hour=0, minute=0, second=0, microsecond=0)
    days = _between(rows, planted - _DAYS * _DAY, planted)
    alerts = _alerts(pa.concat_tables([days, planted_day(days, planted - _DAY)]), Storage(folder), transactions.sparkSession)
    early = [alert.message for alert in alerts if alert.opened_window.start < planted]
    if early:
        raise DrillError(f"the monitor tells of a clean day: {early[0]}", hint="this is a defect of the monitor")
    if not {alert.subject.column for alert in alerts} >= _SPOILT:
        raise DrillError("the monitor does not tell of a planted day", hint="this is a defect of the monitor")
    return Drill(clean_day=planted - _DAY, planted_day=planted, alerts=alerts)


def _alerts(rows: pa.Table, storage: Storage, session: SparkSession) -> tuple[Alert, ...]:
    """The alerts of every day of the rows, also those that are over by the last one."""
    storage.open()
    write_deltalake(str(storage.table(watched_name(_MONITOR))), rows)
    refresh(_MONITOR, storage, session)
    evaluate_alerts(_MONITOR, storage.root, now=pc.max(rows["event_time"]).as_py())
    return tuple(AlertLedger(storage.root).alerts(_MONITOR.table))


def _between(rows: pa.Table, start: datetime, end: datetime) -> pa.Table:
    times = rows["event_time"]
    return rows.filter(pc.and_(pc.greater_equal(times, pa.scalar(start, times.type)), pc.less(times, pa.scalar(end, times.type))))


def planted_day(rows: pa.Table, newest: datetime) -> pa.Table:
    """The rows of the newest day again, a day later and spoilt."""
    day = _between(rows, newest, newest + _DAY)
    is_unknown = pa.array([number % _EVERY == 0 for number in range(day.num_rows)])
    spoilt = {
        "event_time": pc.add(day["event_time"], pa.scalar(_DAY)),
        "amount": pc.multiply(day["amount"], pa.scalar(_HUNDREDFOLD)),
        "channel": pc.if_else(is_unknown, pa.scalar(None, pa.string()), day["channel"]),
    }
    for name, values in spoilt.items():
        day = day.set_column(day.schema.get_field_index(name), name, values.cast(day.schema.field(name).type))
    return day
