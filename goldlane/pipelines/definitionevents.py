"""Datasets, sinks and flows as they were planned, as events of the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from goldlane.pipelines.definitions import ChangeFlow, Kind, Outlet, SnapshotFlow
from goldlane.pipelines.events import Event
from goldlane.pipelines.plan import PlannedDataset, PlannedFlow

_AUTO_CDC: Mapping[type, str] = {ChangeFlow: "CHANGE", SnapshotFlow: "SNAPSHOT_CHANGE"}
_FLOW_TYPES = {Kind.STREAMING_TABLE: "APPEND", Kind.MATERIALIZED_VIEW: "MATERIALIZED_VIEW", Kind.VIEW: "VIEW", Kind.SINK: "APPEND"}


def definitions(planned: PlannedDataset, inputs: Sequence[str]) -> Iterator[Event]:
    """One event for the dataset or sink, and one for each of its flows; ``inputs`` are the names it reads."""
    yield _sink(planned, planned.dataset.outlet) if planned.dataset.outlet is not None else _dataset(planned)
    for flow in planned.flows:
        yield _flow(planned, flow, inputs)


def _dataset(planned: PlannedDataset) -> Event:
    dataset = planned.dataset
    details = {
        "dataset_type": planned.kind.value.upper(),
        "num_flows": len(planned.flows),
        "expectations": [{"name": rule.name, "action": rule.action.value, "predicate": rule.text} for rule in dataset.expectations],
        "schema": planned.schema.jsonValue()["fields"],
        "primary_key": list(planned.primary_key),
    }
    message, level = f"Defined {dataset.written}.", "INFO"
    if dataset.ignored:
        message, level = f"{message} Without effect on this machine: {', '.join(dataset.ignored)}.", "WARN"
    origin = {"dataset_name": str(dataset.name)}
    return Event(event_type="dataset_definition", message=message, level=level, origin=origin, details=details)


def _sink(planned: PlannedDataset, outlet: Outlet) -> Event:
    """A sink's format and the names of its options: their values may be secrets, except those that say where it is."""
    places = {key: value for key, value in outlet.options.items() if key in {"path", "tableName", "topic"}}
    name = str(planned.dataset.name)
    details = {"format": outlet.format, "options": sorted(outlet.options), **places}
    origin = {"dataset_name": name, "sink_name": name}
    return Event(event_type="sink_definition", message=f"Defined sink {planned.dataset.written}.", origin=origin, details=details)


def _flow(planned: PlannedDataset, flow: PlannedFlow, inputs: Sequence[str]) -> Event:
    name, place = str(planned.dataset.name), flow.flow.place
    details = {
        "output_sink" if planned.kind is Kind.SINK else "output_dataset": name,
        "input_datasets": [{"name": one} for one in inputs],
        "flow_type": _AUTO_CDC.get(type(flow.flow)) or _FLOW_TYPES[planned.kind],
        "schema": flow.schema.jsonValue()["fields"],
        "schema_json": flow.schema.json(),
        "explain_text": flow.explain,
        "comment": getattr(flow.flow, "comment", None) or planned.dataset.comment,
        "spark_conf": [{"key": key, "value": value} for key, value in flow.flow.spark_conf.items()],
        "language": "SQL" if place is not None and Path(place.file).suffix == ".sql" else "PYTHON",
        "once": flow.flow.once,
    }
    origin = {"dataset_name": name, "flow_name": flow.flow.name}
    return Event(event_type="flow_definition", message=f"Defined flow {flow.flow.name}.", origin=origin, details=details)
