"""A storage as updates leave it, without the JVM that ran them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from goldlane.pipelines.events import Event, EventLog
from goldlane.pipelines.storage import Storage

BEGAN = datetime(2026, 1, 31, 10, tzinfo=timezone.utc)


class Written:
    """Writes the log of updates, an hour apart."""

    def __init__(self, root: Path) -> None:
        self.storage = Storage(root)
        self.storage.open()
        self.updates = 0

    def table(self, name: str, rows: dict[str, Any]) -> None:
        write_deltalake(str(self.storage.root / "tables" / "default" / name), pa.table(rows), mode="append")

    def update(self, *events: tuple[str, str | None, dict[str, Any]], state: str = "COMPLETED", error: str | None = None) -> str:
        """An event is its type, its dataset, and its details; a second passes between two."""
        update_id = f"{self.updates:08d}-0000"
        log = EventLog(self.storage.events, {"update_id": update_id, "pipeline_id": "shop", "pipeline_name": "shop"})
        told = [("update_progress", None, {"state": "CREATED"}), *events, ("update_progress", None, {"state": state})]
        for second, (kind, name, details) in enumerate(told):
            at = BEGAN + timedelta(hours=self.updates, seconds=second)
            origin = {"dataset_name": f"default.{name}", "flow_name": name} if name else {}
            failed = {"fatal": True, "exceptions": [{"class_name": "ExpectationError", "message": error, "stack": []}]}
            cause = failed if details.get("status") == "FAILED" else None
            log.emit(Event(event_type=kind, message=f"{kind} of {name}", origin=origin, details=details, timestamp=at, error=cause))
        log.flush()
        self.updates += 1
        return update_id


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path / "storage")


Define = Callable[..., tuple[tuple[str, str, dict[str, Any]], ...]]


@pytest.fixture
def define() -> Define:
    """The two events that define a dataset."""

    def defined(name: str, kind: str = "MATERIALIZED_VIEW", inputs: tuple[str, ...] = (), **facts: Any) -> Any:
        definition = {"dataset_type": kind, "expectations": facts.get("rules", []), "schema": facts.get("schema", [])}
        flow = {"input_datasets": [{"name": one} for one in inputs]}
        return (("dataset_definition", name, definition), ("flow_definition", name, flow))

    return defined
