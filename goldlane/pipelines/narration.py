"""The words of an update: its steps as events of the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from goldlane.pipelines.definitions import ChangeFlow, Kind, Outlet, SnapshotFlow
from goldlane.pipelines.events import Event, EventLog
from goldlane.pipelines.failures import Failure
from goldlane.pipelines.guards import SideEffect
from goldlane.pipelines.outcome import DatasetResult, FlowCounts, Status
from goldlane.pipelines.plan import PlannedDataset


class Narrator:
    """Writes one update's events."""

    def __init__(self, log: EventLog, update_id: str) -> None:
        self._log, self._update_id = log, update_id

    def created(self, request: Mapping[str, Any]) -> None:
        """The update exists."""
        details = {"config": {"configuration": dict(request)}, "cause": "USER_ACTION"}
        self._log.emit(Event(event_type="create_update", message=f"Update {self._update_id[:8]} started.", details=details))

    def state(self, state: str, *, failure: Failure | None = None) -> None:
        """The update moves to another state."""
        error = _error(failure)
        level = "ERROR" if state == "FAILED" else "INFO"
        message = f"Update {self._update_id[:8]} is {state}."
        self._log.emit(Event(event_type="update_progress", message=message, level=level, details={"state": state}, error=error))

    def defined(self, planned: PlannedDataset, inputs: list[str]) -> None:
        """A dataset and its flows as they were planned: kind, schema, rules, inputs."""
        name = planned.dataset.written
        rules = [{"name": rule.name, "action": rule.action.value} for rule in planned.dataset.expectations]
        details = {
            "dataset_type": planned.kind.value.upper(),
            "num_flows": len(planned.flows),
            "schema": planned.schema.jsonValue()["fields"],
        }
        details |= {"expectations": rules, "primary_key": list(planned.primary_key)}
        kind = "dataset_definition"
        if planned.dataset.outlet is not None:
            kind, details = "sink_definition", _sink(planned.dataset.outlet)
        ignored = planned.dataset.ignored
        message = f"Defined {name}." + (f" Without effect on this machine: {', '.join(ignored)}." if ignored else "")
        event = Event(event_type=kind, message=message, origin=self._dataset(planned), details=details, level="WARN" if ignored else "INFO")
        self._log.emit(event)
        for flow in planned.flows:
            kind = _AUTO_CDC.get(type(flow.flow)) or _FLOW_TYPES[planned.kind]
            details = {"output_dataset": str(planned.dataset.name), "input_datasets": [{"name": one} for one in inputs], "flow_type": kind}
            details["comment"] = getattr(flow.flow, "comment", None)
            origin = {**self._dataset(planned), "flow_name": flow.flow.name}
            self._log.emit(Event(event_type="flow_definition", message=f"Defined flow {flow.flow.name}.", origin=origin, details=details))

    def flow(
        self, planned: PlannedDataset, status: str, *, reason: str = "", failure: Failure | None = None, broken: FlowCounts | None = None
    ) -> None:
        """A dataset's flow moves to another status; ``broken`` counts the batch that a rule kept from being written."""
        name = planned.dataset.written
        error = _error(failure)
        level = {"FAILED": "ERROR", "SKIPPED": "WARN"}.get(status, "INFO")
        message = (
            f"Flow '{name}' is {status}."
            if not (reason or failure)
            else f"Flow '{name}' is {status}: {failure.message if failure else reason}"
        )
        event = Event(
            event_type="flow_progress",
            message=message,
            level=level,
            origin={**self._dataset(planned), "flow_name": name},
            # The platform keeps no counts of a batch that failed; ours are an addition.
            details={"status": status, **({"data_quality": _quality(broken)} if broken else {})},
            error=error,
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

    def unchanged(self, planned: PlannedDataset) -> None:
        """A materialized view was not computed, for nothing it reads has changed."""
        details = {"technique_information": [{"maintenance_type": "MAINTENANCE_TYPE_NO_OP", "is_chosen": True}]}
        message = f"'{planned.dataset.written}' is unchanged: same query, same versions of everything it reads."
        self._log.emit(Event(event_type="planning_information", message=message, origin=self._dataset(planned), details=details))

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


_AUTO_CDC: Mapping[type, str] = {ChangeFlow: "CHANGE", SnapshotFlow: "SNAPSHOT_CHANGE"}
_FLOW_TYPES = {Kind.STREAMING_TABLE: "APPEND", Kind.MATERIALIZED_VIEW: "COMPLETE", Kind.VIEW: "VIEW", Kind.SINK: "APPEND"}


def _sink(outlet: Outlet) -> dict[str, Any]:
    """A sink's format and the names of its options: their values may be secrets, except those that say where it is."""
    places = {key: value for key, value in outlet.options.items() if key in {"path", "tableName", "topic"}}
    return {"format": outlet.format, "options": sorted(outlet.options), **places}


def _error(failure: Failure | None) -> dict[str, Any] | None:
    return {"fatal": True, "exceptions": [{"class_name": failure.kind, "message": failure.message}]} if failure else None


def _metrics(counts: FlowCounts) -> dict[str, int]:
    if counts.upserted_rows is not None:
        return {"num_upserted_rows": counts.upserted_rows, "num_deleted_rows": counts.deleted_rows or 0}
    late = {"num_late_rows": counts.late_rows} if counts.late_rows else {}
    return {"num_output_rows": counts.output_rows, **late}


def _quality(counts: FlowCounts) -> dict[str, Any]:
    rules = [
        {"name": rule.name, "dataset": rule.dataset, "passed_records": rule.passed, "failed_records": rule.failed} for rule in counts.rules
    ]
    return {"dropped_records": counts.dropped_rows, "expectations": rules}
