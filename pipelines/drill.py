"""A drill for the monitor of transactions: a clean day, on which it must be silent, and a day on which something went wrong at a source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import write_deltalake
from pyspark.sql import functions as F

from features.monitors import TRANSACTIONS_MONITOR
from goldlane.errors import GoldlaneError
from goldlane.monitoring import evaluate_alerts
from goldlane.monitoring.monitors import watched_name
from goldlane.monitoring.refreshing import refresh
from goldlane.pipelines.storage import Storage

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from goldlane.monitoring.alerts import Alert, Evaluated

PLANTED = "amounts in cents instead of euros, and every third channel unknown"
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
    """Two weeks of whole days of ``transactions``, watched in a storage of their own; then one more day, with ``PLANTED``.

    Raises:
        DrillError: the clean day raised an alert, or the planted one did not.
    """
    rows = _last_whole_days(transactions)
    newest = pc.max(rows["event_time"]).as_py().replace(hour=0, minute=0, second=0, microsecond=0)
    watched = _Watched(storage=Storage(folder), session=transactions.sparkSession)
    watched.storage.open()
    clean = watched.looked(rows, newest)
    if clean.open:
        raise DrillError(f"the monitor tells of a clean day: {clean.open[0].message}", hint="this is a defect of the monitor")
    planted = watched.looked(planted_day(rows, newest), newest + _DAY)
    if not {alert.subject.column for alert in planted.opened} >= _SPOILT:
        raise DrillError("the monitor does not tell of a planted day", hint="this is a defect of the monitor")
    return Drill(clean_day=newest, planted_day=newest + _DAY, alerts=planted.opened)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    storage: Storage
    session: SparkSession

    def looked(self, rows: pa.Table, day: datetime) -> Evaluated:
        """Append the rows, and look at the table at the end of ``day``."""
        write_deltalake(str(self.storage.table(watched_name(TRANSACTIONS_MONITOR))), rows, mode="append")
        refresh(TRANSACTIONS_MONITOR, self.storage, self.session)
        return evaluate_alerts(TRANSACTIONS_MONITOR, self.storage.root, now=day + _DAY)


def _last_whole_days(transactions: DataFrame) -> pa.Table:
    """The last day of the sample ends before midnight, and is left out."""
    newest = transactions.agg(F.date_trunc("DAY", F.max("event_time")).alias("day"))
    days = transactions.crossJoin(newest).where("event_time < day AND event_time >= day - make_dt_interval(14)")
    return days.drop("day").toArrow()


def planted_day(rows: pa.Table, newest: datetime) -> pa.Table:
    """The rows of the newest day again, a day later and spoilt."""
    day = rows.filter(pc.greater_equal(rows["event_time"], pa.scalar(newest, rows["event_time"].type)))
    is_unknown = pa.array([number % _EVERY == 0 for number in range(day.num_rows)])
    spoilt = {
        "event_time": pc.add(day["event_time"], pa.scalar(_DAY)),
        "amount": pc.multiply(day["amount"], pa.scalar(_HUNDREDFOLD)),
        "channel": pc.if_else(is_unknown, pa.scalar(None, pa.string()), day["channel"]),
    }
    for name, values in spoilt.items():
        day = day.set_column(day.schema.get_field_index(name), name, values.cast(day.schema.field(name).type))
    return day
