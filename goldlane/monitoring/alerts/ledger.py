"""The table of alerts: one Delta table per storage, one row per alert of any monitor, read and written without a JVM."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goldlane.monitoring.alerts.alert import Alert, Status
from goldlane.monitoring.alerts.metricrows import Subject, Window
from goldlane.monitoring.errors import MonitoringError

_ATTEMPTS = 5
_PAUSE_S = 0.2
_TEXTS = ("id", "table", "rule", "measure", "severity", "status", "column_name", "granularity", "slice_key", "slice_value", "model_id")
_TIMES = ("opened_at", "updated_at", "resolved_at")
_WINDOWS = ("opened_window", "newest_window", "resolved_window")


@dataclass(frozen=True, slots=True)
class AlertLedger:
    """The alerts of a storage, ``STORAGE/system/monitoring/alerts``; the table is made with the first alert."""

    storage: Path

    @property
    def path(self) -> Path:
        """The Delta table."""
        return self.storage / "system" / "monitoring" / "alerts"

    def alerts(self, table: str | None = None) -> tuple[Alert, ...]:
        """The alerts of a watched table, or of all; the oldest first.

        Raises:
            GoldlaneError: the table of alerts cannot be read.
        """
        from goldlane.features.delta_files import ask, open_delta

        if not (self.path / "_delta_log").is_dir():
            return ()
        rows = [row for batch in ask(open_delta(self.path, "alerts"), "SELECT * FROM gold") for row in batch.to_pylist()]
        found = [_alert(row) for row in rows if table in (None, row["table"])]
        return tuple(sorted(found, key=lambda alert: (alert.opened_window.start, alert.id)))

    def write(self, alerts: Sequence[Alert]) -> None:
        """Enter alerts, or what became of them.

        Raises:
            MonitoringError: other processes kept writing at the same time.
        """
        import pyarrow as pa
        from deltalake import DeltaTable
        from deltalake.exceptions import CommitFailedError

        from goldlane.features.delta_files import open_delta

        if not alerts:
            return
        rows = pa.Table.from_pylist([_row(alert) for alert in alerts], schema=alert_schema())
        if not (self.path / "_delta_log").is_dir():
            DeltaTable.create(str(self.path), schema=alert_schema(), mode="ignore")
        for attempt in range(_ATTEMPTS):
            merge = open_delta(self.path, "alerts").merge(rows, "new.id = old.id", source_alias="new", target_alias="old")
            try:
                merge.when_matched_update_all().when_not_matched_insert_all().execute()
            except CommitFailedError:
                time.sleep(_PAUSE_S * 2**attempt)
            else:
                return
        raise MonitoringError(f"{self.path} cannot be written: others write to it all the time", hint="run the command again")


def alert_schema() -> Any:
    """The columns of the table as an Arrow schema."""
    import pyarrow as pa

    moment = pa.timestamp("us", tz="UTC")
    span = pa.struct([("start", moment), ("end", moment)])
    return pa.schema(
        [
            *(pa.field(name, pa.string()) for name in _TEXTS),
            pa.field("drift_type", pa.string()),
            *(pa.field(name, span) for name in _WINDOWS),
            pa.field("windows", pa.int64()),
            *(pa.field(name, pa.float64()) for name in ("value", "worst", "threshold")),
            pa.field("message", pa.string()),
            *(pa.field(name, moment) for name in _TIMES),
            pa.field("untold", pa.list_(pa.string())),
            pa.field("failure", pa.string()),
        ]
    )


def _row(alert: Alert) -> dict[str, Any]:
    subject = alert.subject
    about = {name: getattr(subject, name) for name in ("granularity", "slice_key", "slice_value", "model_id")}
    same = {name: getattr(alert, name) for name in ("id", "table", "rule", "measure", "windows", "value", "worst", "message", "failure")}
    return {
        **same,
        **about,
        **{name: _span(getattr(alert, name)) for name in _WINDOWS},
        **{name: getattr(alert, name) for name in _TIMES},
        "column_name": subject.column,
        "drift_type": subject.against,
        "severity": str(alert.severity),
        "status": str(alert.status),
        "threshold": alert.limit,
        "untold": list(alert.untold),
    }


def _alert(row: dict[str, Any]) -> Alert:
    about = {name: row[name] for name in ("granularity", "slice_key", "slice_value", "model_id")}
    names = ("id", "table", "rule", "measure", "severity", "windows", "value", "worst", "message", "failure", *_TIMES)
    return Alert(
        **{name: row[name] for name in names},
        **{name: _window(row[name]) for name in _WINDOWS},  # type: ignore[arg-type]  # an opened and a newest window are always there
        subject=Subject(column=row["column_name"], against=row["drift_type"], **about),
        status=Status(row["status"]),
        limit=row["threshold"],
        untold=tuple(row["untold"] or ()),
    )


def _span(window: Window | None) -> dict[str, Any] | None:
    return None if window is None else {"start": window.start, "end": window.end}


def _window(span: dict[str, Any] | None) -> Window | None:
    return None if span is None or span["start"] is None else Window(start=span["start"], end=span["end"])
