"""Alerts into a Delta table of one's own: one row per opening and per end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goldlane.errors import GoldlaneError, first_line
from goldlane.monitoring.alerts.alert import Alert
from goldlane.monitoring.alerts.sinks.sink import Notice, SinkError

_TEXTS = ("alert_id", "status", "table", "rule", "severity", "column_name", "slice_key", "slice_value", "model_id", "message")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaSink:
    """A Delta table at ``path``, which is made where there is none. Being told the same again adds nothing."""

    path: str | Path
    name: str = "delta"

    def tell(self, notice: Notice) -> None:
        """Append what is new.

        Raises:
            SinkError: the table cannot be made or written.
        """
        import pyarrow as pa
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        from goldlane.features.delta_files import open_delta

        rows = pa.Table.from_pylist([_row(alert) for alert in notice.alerts], schema=_schema())
        same = "new.alert_id = old.alert_id AND new.status = old.status AND new.at = old.at"
        try:
            if not (Path(self.path) / "_delta_log").is_dir():
                DeltaTable.create(str(self.path), schema=_schema(), mode="ignore")
            merge = open_delta(Path(self.path), self.name).merge(rows, same, source_alias="new", target_alias="old")
            merge.when_not_matched_insert_all().execute()
        except (DeltaError, GoldlaneError, OSError) as error:
            raise SinkError(f"sink {self.name!r}: {self.path} cannot be written: {first_line(error)}") from error


def _row(alert: Alert) -> dict[str, Any]:
    subject = alert.subject
    return {
        "at": alert.opened_at if alert.is_open else alert.resolved_at,
        "alert_id": alert.id,
        "status": str(alert.status),
        "table": alert.table,
        "rule": alert.rule,
        "severity": str(alert.severity),
        "column_name": subject.column,
        **{name: getattr(subject, name) for name in ("slice_key", "slice_value", "model_id")},
        "message": alert.message,
        "value": alert.value,
        "threshold": alert.limit,
    }


def _schema() -> Any:
    import pyarrow as pa

    fields: list[pa.Field[Any]] = [pa.field("at", pa.timestamp("us", tz="UTC"))]
    fields += [pa.field(name, pa.string()) for name in _TEXTS]
    fields += [pa.field(name, pa.float64()) for name in ("value", "threshold")]
    return pa.schema(fields)
