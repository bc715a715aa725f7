"""One update as its events tell it: each dataset's fate, rows, time, and what its rules found."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# What one flow came to, worst first: a dataset is as its worst flow.
_STATUSES = ("FAILED", "SKIPPED", "CANCELED", "RUNNING", "QUEUED", "COMPLETED", "UNCHANGED", "EXCLUDED")
_WORDS = {"STOPPED": "CANCELED", "STARTING": "RUNNING"} | {status: status for status in _STATUSES}
_SOURCE = re.compile(r"\w+\[(?:file:)?(?P<path>.*)\]$")

Rows = list[Mapping[str, Any]]
RuleKey = tuple[str, str]
"""The dataset a rule stands on, and its name."""


@dataclass(slots=True)
class LoggedDataset:
    """Facts of one dataset. ``judged`` has passed and failed rows per rule, ``read`` the rows per path that streams read.

    ``skipped`` is why it was not even tried.
    """

    name: str
    kind: str = ""
    columns: Sequence[Mapping[str, Any]] = ()
    declared: Sequence[Mapping[str, str]] = ()
    inputs: dict[str, None] = field(default_factory=dict)
    flows: dict[str, str] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)
    judged: dict[RuleKey, tuple[int, int]] = field(default_factory=dict)
    read: Counter[str] = field(default_factory=Counter)
    error: Mapping[str, Any] | None = None
    skipped: str = ""
    times: list[datetime] = field(default_factory=list)
    computed: bool = True

    @property
    def status(self) -> str:
        """The worst of its flows'; views have none of their own and are COMPLETED."""
        found = set(self.flows.values()) or {"COMPLETED"}
        worst = next(status for status in _STATUSES if status in found)
        return "UNCHANGED" if worst == "COMPLETED" and not self.computed else worst

    @property
    def seconds(self) -> float:
        """From its start to its last word; 0 for what never started."""
        return (max(self.times) - min(self.times)).total_seconds() if self.times else 0.0


@dataclass(slots=True)
class LoggedUpdate:
    """Facts of one update; ``state`` is the last that it reported, so RUNNING where its process was killed."""

    update_id: str
    pipeline: str
    user: str = ""
    state: str = "CREATED"
    times: list[datetime] = field(default_factory=list)
    datasets: dict[str, LoggedDataset] = field(default_factory=dict)

    @property
    def started(self) -> datetime:
        """When the user asked for it."""
        return min(self.times)

    @property
    def ended(self) -> datetime:
        """When the log last heard of it."""
        return max(self.times)


def logged_updates(rows: Iterable[Mapping[str, Any]]) -> dict[str, LoggedUpdate]:
    """Every update in the log's rows by its id, oldest first."""
    updates: dict[str, LoggedUpdate] = {}
    for row in rows:
        origin = row["origin"]
        update = updates.setdefault(origin["update_id"], LoggedUpdate(origin["update_id"], origin["pipeline_name"] or ""))
        update.times.append(row["timestamp"])
        _enter(update, row, json.loads(row["details"]).get(row["event_type"]) or {})
    return updates


def _enter(update: LoggedUpdate, row: Mapping[str, Any], details: Mapping[str, Any]) -> None:
    kind, name = row["event_type"], row["origin"]["dataset_name"]
    if kind == "update_progress":
        update.state = details["state"]
    elif kind == "user_action":
        update.user = details.get("user_name", "")
    if name:
        dataset = update.datasets.setdefault(name, LoggedDataset(name))
        reader = _READERS.get(kind)
        if reader:
            reader(dataset, row, details)


def _definition(dataset: LoggedDataset, row: Mapping[str, Any], details: Mapping[str, Any]) -> None:
    dataset.kind = details.get("dataset_type", "SINK").lower() if row["event_type"] == "dataset_definition" else "sink"
    dataset.declared, dataset.columns = details.get("expectations", ()), details.get("schema", ())


def _flow(dataset: LoggedDataset, _row: Mapping[str, Any], details: Mapping[str, Any]) -> None:
    dataset.inputs |= {one["name"]: None for one in details.get("input_datasets", ())}


def _progress(dataset: LoggedDataset, row: Mapping[str, Any], details: Mapping[str, Any]) -> None:
    flow, status = row["origin"]["flow_name"], details.get("status", "")
    dataset.flows[flow] = _WORDS.get(status, dataset.flows.get(flow, "RUNNING"))
    if status not in {"QUEUED", "EXCLUDED", "SKIPPED"}:
        dataset.times.append(row["timestamp"])
    dataset.error = row["error"] or dataset.error
    dataset.skipped = row["message"] if status == "SKIPPED" else dataset.skipped
    dataset.rows.update({key: value for key, value in details.get("metrics", {}).items() if isinstance(value, int)})
    quality = details.get("data_quality", {})
    dataset.rows["dropped"] += quality.get("dropped_records", 0)
    for rule in quality.get("expectations", ()):
        passed, failed = dataset.judged.get((rule["dataset"], rule["name"]), (0, 0))
        dataset.judged[rule["dataset"], rule["name"]] = (passed + rule["passed_records"], failed + rule["failed_records"])


def _stream(dataset: LoggedDataset, _row: Mapping[str, Any], details: Mapping[str, Any]) -> None:
    for source in details["progress"].get("sources", ()):
        found = _SOURCE.match(str(source.get("description")))
        if found:
            dataset.read[found["path"]] += int(source.get("numInputRows") or 0)


def _planning(dataset: LoggedDataset, _row: Mapping[str, Any], details: Mapping[str, Any]) -> None:
    for technique in details.get("technique_information", ()):
        dataset.computed = technique["maintenance_type"] != "MAINTENANCE_TYPE_NO_OP"


_READERS = {
    "dataset_definition": _definition,
    "sink_definition": _definition,
    "flow_definition": _flow,
    "flow_progress": _progress,
    "stream_progress": _stream,
    "planning_information": _planning,
}
