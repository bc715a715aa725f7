"""The event log: what happened, in the platform's columns, appended to a Delta table; progress displays listen to the same."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

_FLUSH_SECONDS = 2.0
# The platform's names; what this machine has no meaning for (a cloud, a cluster) stays NULL.
_ORIGIN = (
    "cloud",
    "region",
    "pipeline_id",
    "pipeline_type",
    "pipeline_name",
    "cluster_id",
    "update_id",
    "request_id",
    "table_name",
    "dataset_name",
    "sink_name",
    "flow_id",
    "flow_name",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One row of the log. ``details`` is a JSON object whose one key is the event's type."""

    event_type: str
    message: str
    level: str = "INFO"
    origin: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    timestamp: datetime = field(default_factory=lambda: datetime.now(timezone.utc))


Listener = Callable[[Event], None]


class EventLog:
    """Buffers events and appends them every two seconds and at the end.

    It is written by delta-rs, which costs milliseconds where a Spark commit costs a third of a second, and whose
    put-if-absent on local files lets several processes append to one log.
    """

    def __init__(self, path: Path, origin: Mapping[str, Any], listeners: tuple[Listener, ...] = ()) -> None:
        self._path, self._origin, self._listeners = path, dict(origin), listeners
        self._readers: list[Callable[[dict[str, Any]], None]] = []
        self._lock = threading.Lock()
        self._buffer: list[dict[str, Any]] = []
        self._flushed = time.monotonic()
        self._number = 0

    def emit(self, event: Event) -> None:
        """Enter an event and tell the listeners."""
        with self._lock:
            self._number += 1
            row = self._row(event)
            self._buffer.append(row)
            due = time.monotonic() - self._flushed > _FLUSH_SECONDS
        for listener in self._listeners:
            listener(event)
        for reader in self._readers:
            reader(row)
        if due:
            self.flush()

    def tell(self, reader: Callable[[dict[str, Any]], None]) -> None:
        """Hand each row to ``reader`` from now on; it must not keep the update waiting."""
        self._readers.append(reader)

    def create(self) -> None:
        """Make the log's table where there is none."""
        if not (self._path / "_delta_log").is_dir():
            self._append([])

    def flush(self) -> None:
        """Append what is buffered."""
        with self._lock:
            rows, self._buffer = self._buffer, []
            self._flushed = time.monotonic()
            if rows:
                self._append(rows)

    def _append(self, rows: list[dict[str, Any]]) -> None:
        import pyarrow as pa
        from deltalake import write_deltalake

        self._path.mkdir(parents=True, exist_ok=True)
        write_deltalake(str(self._path), pa.Table.from_pylist(rows, schema=event_schema()), mode="append", schema_mode="merge")

    def _row(self, event: Event) -> dict[str, Any]:
        return {
            "id": event.id,
            "sequence": {"data_plane_id": {"instance": self._origin["update_id"], "seq_no": self._number}},
            "origin": _origin({**self._origin, **event.origin}),
            "timestamp": event.timestamp,
            "message": event.message,
            "level": event.level,
            "maturity_level": "STABLE",
            "error": event.error,
            "details": json.dumps({event.event_type: event.details}),
            "event_type": event.event_type,
        }


def _origin(given: Mapping[str, Any]) -> dict[str, Any]:
    """Whose event it is; a flow keeps its id from update to update."""
    flow = f"{given.get('pipeline_id')}/{given.get('dataset_name')}/{given['flow_name']}" if given.get("flow_name") else None
    ids = {"flow_id": str(uuid.uuid5(uuid.NAMESPACE_URL, flow))} if flow else {}
    return {"pipeline_type": "WORKSPACE", "request_id": given.get("update_id"), "table_name": given.get("dataset_name"), **ids, **given}


def event_schema() -> Any:
    """The log's columns as an Arrow schema."""
    import pyarrow as pa

    text = pa.string()
    origin = pa.struct([*((name, text) for name in _ORIGIN), ("batch_id", pa.int64()), ("org_id", pa.int64()), ("host", text)])
    frame = pa.struct([("declaring_class", text), ("method_name", text), ("file_name", text), ("line_number", pa.int64())])
    exception = pa.struct([("class_name", text), ("message", text), ("stack", pa.list_(frame))])
    return pa.schema(
        [
            ("id", text),
            ("sequence", pa.struct([("data_plane_id", pa.struct([("instance", text), ("seq_no", pa.int64())]))])),
            ("origin", origin),
            ("timestamp", pa.timestamp("us", tz="UTC")),
            ("message", text),
            ("level", text),
            ("maturity_level", text),
            ("error", pa.struct([("fatal", pa.bool_()), ("exceptions", pa.list_(exception))])),
            ("details", text),
            ("event_type", text),
        ]
    )
