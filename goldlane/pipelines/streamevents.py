"""What a micro-batch tells beside its rows, as events and metrics of the log."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from goldlane.pipelines.events import Event
from goldlane.pipelines.streamreports import Listing, StreamReport


def backlog_metrics(report: StreamReport | None) -> dict[str, Any]:
    """What is left to read, in all and by source; nothing where no source can tell."""
    if report is None or not report.backlogs:
        return {}
    sources = [{"source_name": name, "backlog_bytes": left.bytes, "backlog_files": left.files} for name, left in report.backlogs.items()]
    total = {key: sum(source[key] for source in sources) for key in ("backlog_bytes", "backlog_files")}  # type: ignore[misc]  # numbers
    return {**total, "source_metrics": sources}


def reported(report: StreamReport | None, flow: str, origin: Mapping[str, Any]) -> Iterator[Event]:
    """Spark's own report of the micro-batch, and the files it found."""
    if report is None:
        return
    progress = {"progress": dict(report.progress), "progress_json": json.dumps(report.progress)}
    message = f"Completed a streaming update of '{flow}'."
    yield Event(event_type="stream_progress", message=message, origin=origin, details=progress)
    for listing in report.listings:
        yield _listed(listing, flow, origin)


def _listed(listing: Listing, flow: str, origin: Mapping[str, Any]) -> Event:
    details = {
        "type": "AUTO_LOADER_LISTING",
        "status": "COMPLETED",
        "duration_ms": listing.milliseconds,
        "auto_loader_details": {"source_path": listing.path, "num_files_listed": listing.files},
    }
    message = f"Flow '{flow}' found {listing.files} new files in {listing.path}."
    return Event(event_type="operation_progress", message=message, origin=origin, details=details)
