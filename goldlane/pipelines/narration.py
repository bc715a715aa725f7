"""The words of an update: its steps as events of the log."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from goldlane.pipelines.definitionevents import definitions
from goldlane.pipelines.definitions import Deprecation, Kind
from goldlane.pipelines.events import Event, EventLog
from goldlane.pipelines.failures import Failure
from goldlane.pipelines.guards import SideEffect
from goldlane.pipelines.incremental.reasons import Refreshed, Technique
from goldlane.pipelines.outcome import DatasetResult, FlowCounts, Status
from goldlane.pipelines.plan import PlannedDataset
from goldlane.pipelines.streamevents import backlog_metrics, reported
from goldlane.pipelines.versions import runtime_version


class Narrator:
    """Writes one update's events."""

    def __init__(self, log: EventLog, update_id: str) -> None:
        self._log, self._update_id = log, update_id

    def created(self, request: Mapping[str, Any], began: datetime) -> None:
        """The update exists since ``began``: who asked for what, and what runs it."""
        runtime = {"runtime_version": runtime_version()}
        details = {"config": {"configuration": dict(request)}, "cause": "USER_ACTION", "run_as": _user(), **runtime}
        started = f"Update {self._update_id[:8]} started."
        action = {"action": "START", "user_name": _user(), "user_id": _user()}
        told = f"User {_user()} started an update."
        for kind, message, facts in (
            ("create_update", started, details),
            ("user_action", told, action),
            ("runtime_details", f"Runs on {runtime_version()['dbr_version']}.", runtime),
        ):
            self._log.emit(Event(event_type=kind, message=message, details=facts, timestamp=began))
        self.state("CREATED", at=began)
        self.state("INITIALIZING", at=began)

    def state(self, state: str, *, failure: Failure | None = None, at: datetime | None = None) -> None:
        """The update moves to another state."""
        error = _error(failure)
        level = "ERROR" if state == "FAILED" else "INFO"
        message = f"Update {self._update_id[:8]} is {state}."
        cause = {"cancellation_cause": "USER_ACTION"} if state == "CANCELED" else {}
        event = Event(event_type="update_progress", message=message, level=level, details={"state": state, **cause}, error=error)
        self._log.emit(event if at is None else replace(event, timestamp=at))

    def defined(self, planned: PlannedDataset, inputs: list[str]) -> None:
        """A dataset and its flows as they were planned: kind, schema, rules, inputs."""
        for event in definitions(planned, inputs):
            self._log.emit(event)

    def queued(self, planned: PlannedDataset, *, selected: bool) -> None:
        """A dataset's flows wait for their turn, or have none in this update."""
        if planned.kind is not Kind.VIEW:
            self.flow(planned, "QUEUED" if selected else "EXCLUDED")

    def flow(
        self, planned: PlannedDataset, status: str, *, reason: str = "", failure: Failure | None = None, broken: FlowCounts | None = None
    ) -> None:
        """A dataset's flows move to another status; ``broken`` counts the batch that a rule kept from being written."""
        names = [flow.flow.name for flow in planned.flows] or [planned.dataset.written]
        for name in [failure.flow] if failure is not None and failure.flow is not None else names:
            event = Event(
                event_type="flow_progress",
                message=f"Flow '{name}' is {status}" + (f": {failure.message if failure else reason}" if reason or failure else "."),
                level={"FAILED": "ERROR", "SKIPPED": "WARN"}.get(status, "INFO"),
                origin={**self._dataset(planned), "flow_name": name},
                # The platform keeps no counts of a batch that failed; ours are an addition.
                details={"status": status, **({"data_quality": _quality(broken)} if broken else {})},
                error=_error(failure),
            )
            self._log.emit(event)

    def wrote(self, planned: PlannedDataset, flow: str, batch_id: int | None, counts: FlowCounts) -> None:
        """One write is committed; streams report per micro-batch while RUNNING, and never again as a total."""
        details: dict[str, Any] = {"status": "RUNNING" if batch_id is not None else "COMPLETED", "metrics": _metrics(counts)}
        if counts.rules:
            details["data_quality"] = _quality(counts)
        origin = {**self._dataset(planned), "flow_name": flow, "batch_id": batch_id}
        message = f"Flow '{flow}' wrote {counts.output_rows} rows."
        self._log.emit(Event(event_type="flow_progress", message=message, level="METRICS", origin=origin, details=details))
        for event in reported(counts.report, flow, origin):
            self._log.emit(event)

    def unchanged(self, planned: PlannedDataset) -> None:
        """A materialized view was not computed, for nothing it reads has changed."""
        self.refreshed(planned, planned.flows[0].flow.name, Refreshed(technique=Technique.NO_OP))

    def refreshed(self, planned: PlannedDataset, flow: str, how: Refreshed) -> None:
        """A materialized view equals its query again; which way was taken, and what stood in the way of a cheaper one."""
        origin, message = {**self._dataset(planned), "flow_name": flow}, how.message(planned.dataset.written)
        self._log.emit(Event(event_type="planning_information", message=message, origin=origin, details=how.to_json()))

    def deprecated(self, old: Deprecation) -> None:
        """An old name was used."""
        where = f"{old.place}: " if old.place else ""
        message = f"{where}{old.name} is an old name; write {old.instead}."
        self._log.emit(Event(event_type="deprecation", message=message, level="WARN", details={"message": old.code}))

    def side_effect(self, met: SideEffect) -> None:
        """A dataset function does more than define its query."""
        details = {"side_effects": [{"code": met.effect.value, "call": met.call, "file": met.place.file, "line": met.place.line}]}
        origin = {"dataset_name": str(met.dataset.name)}
        self._log.emit(Event(event_type="planning_information", message=str(met.problem), level="WARN", origin=origin, details=details))

    def retried(self, planned: PlannedDataset, flow: str, change: str) -> None:
        """A flow starts over because its files brought new columns."""
        origin = {**self._dataset(planned), "flow_name": flow}
        message = f"Flow '{flow}' starts over: {change}."
        self._log.emit(Event(event_type="flow_progress", message=message, level="WARN", origin=origin, details={"status": "STARTING"}))

    def ended(self, results: tuple[DatasetResult, ...], status: Status) -> None:
        """The update is over; the log is complete when this returns."""
        failure = next((result.error for result in results if result.status is Status.FAILED), None)
        self.state(status.value, failure=failure)
        self._log.flush()

    def flush(self) -> None:
        """What happened so far is in the log when this returns."""
        self._log.flush()

    @staticmethod
    def _dataset(planned: PlannedDataset) -> dict[str, Any]:
        return {"dataset_name": str(planned.dataset.name)}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "unknown"


def _error(failure: Failure | None) -> dict[str, Any] | None:
    if failure is None:
        return None
    place = [{"file_name": failure.place.file, "line_number": failure.place.line}] if failure.place else []
    return {"fatal": True, "exceptions": [{"class_name": failure.kind, "message": failure.message, "stack": place}]}


def _metrics(counts: FlowCounts) -> dict[str, Any]:
    left = backlog_metrics(counts.report)
    if counts.upserted_rows is not None:
        return {"num_upserted_rows": counts.upserted_rows, "num_deleted_rows": counts.deleted_rows or 0, **left}
    late = {"num_late_rows": counts.late_rows} if counts.late_rows else {}
    return {"num_output_rows": counts.output_rows, **late, **left}


def _quality(counts: FlowCounts) -> dict[str, Any]:
    rules = [
        {"name": rule.name, "dataset": rule.dataset, "passed_records": rule.passed, "failed_records": rule.failed} for rule in counts.rules
    ]
    return {"dropped_records": counts.dropped_rows, "expectations": rules}
