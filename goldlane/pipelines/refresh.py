"""Full refreshes: a table and its checkpoints start a new generation together, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goldlane.errors import UsageError
from goldlane.pipelines.declared import declared_print
from goldlane.pipelines.definitions import Dataset, Kind
from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.names import Namespace, name_parts
from goldlane.pipelines.plan import Plan, PlannedDataset
from goldlane.pipelines.relayout import remember_layout
from goldlane.pipelines.resolution import own_table
from goldlane.pipelines.storage import Storage
from goldlane.pipelines.tables import empty_table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What an update works on: everything, or the named datasets; keys are qualified names in lower case."""

    keys: frozenset[str] | None = None

    def __contains__(self, key: str) -> bool:
        return self.keys is None or key in self.keys


def chosen(
    plan: Plan, namespace: Namespace, *, refresh: Sequence[str] | None, full_refresh: bool | Sequence[str]
) -> tuple[frozenset[str], Selection]:
    """The keys to refresh fully, and all that the update works on.

    Raises:
        UsageError: names that are not in the pipeline.
    """
    if not isinstance(full_refresh, bool):
        full = selected_keys(plan, namespace, full_refresh)
    else:
        full = frozenset(plan.datasets) if full_refresh else frozenset()
    if refresh is None and isinstance(full_refresh, bool):
        return full, Selection()
    return full, Selection(keys=selected_keys(plan, namespace, refresh or ()) | full)


def selected_keys(plan: Plan, namespace: Namespace, names: Iterable[str]) -> frozenset[str]:
    """Keys of the named datasets.

    Raises:
        UsageError: some are not in the pipeline; all of them at once.
    """
    datasets = {key: planned.dataset for key, planned in plan.datasets.items()}
    keys = {name: _key(name, namespace, datasets) for name in names}
    unknown = [name for name, key in keys.items() if key not in plan.datasets]
    if unknown:
        known = ", ".join(planned.dataset.written for planned in plan.datasets.values())
        raise UsageError(f"the pipeline has no dataset {', '.join(map(repr, unknown))}", hint=f"it has {known or 'none'}")
    return frozenset(keys.values())


def _key(name: str, namespace: Namespace, datasets: Mapping[str, Dataset]) -> str:
    key = namespace.qualify(name).key
    own = None if key in datasets else own_table(name_parts(name), datasets.values())
    return own.key if own else key


def claim_tables(plan: Plan, storage: Storage, pipeline: str) -> None:
    """Make the plan's tables this pipeline's.

    Raises:
        PipelineError: another pipeline wrote some of them first; nothing is claimed then.
    """
    stored = [planned for planned in plan.datasets.values() if planned.kind is not Kind.VIEW]
    owners = {planned.dataset.written: storage.remembered(planned.dataset.name).get("owner", pipeline) for planned in stored}
    taken = [f"{name} belongs to pipeline {owner!r}" for name, owner in owners.items() if owner != pipeline]
    if taken:
        raise PipelineError("; ".join(taken), hint=f"this is pipeline {pipeline!r}; rename the table, or use another --storage")
    for planned in stored:
        storage.remember(planned.dataset.name, owner=pipeline)


def refuse_resets(plan: Plan, keys: frozenset[str]) -> None:
    """Refuse to reset tables that must keep their rows.

    Raises:
        PipelineError: some of ``keys`` have ``pipelines.reset.allowed`` false; all of them are named, and nothing is touched.
    """
    refused = [
        planned.dataset.written
        for key, planned in plan.datasets.items()
        if key in keys and planned.dataset.table_properties.get("pipelines.reset.allowed", "true").lower() == "false"
    ]
    if refused:
        raise PipelineError(
            f"{', '.join(refused)} must not be reset: pipelines.reset.allowed is false", hint="leave it out of --full-refresh"
        )


def reset(session: SparkSession, plan: Plan, storage: Storage, keys: frozenset[str]) -> None:
    """Empty the tables of ``keys`` and start new generations of their checkpoints; a sink's rows are not ours to delete.

    The intent is recorded first: a crash in between is finished by the next update, whatever that one was asked for.
    """
    for key, planned in plan.datasets.items():
        if key in keys and planned.kind is not Kind.VIEW:
            name = planned.dataset.name
            storage.remember(name, generation=storage.generation(name) + 1, resetting=True, fingerprint=None, refreshed=None)
    finish_resets(session, plan, storage)


def finish_resets(session: SparkSession, plan: Plan, storage: Storage) -> None:
    """Empty every table whose reset was recorded and not finished."""
    for planned in plan.datasets.values():
        if planned.kind is not Kind.VIEW and storage.remembered(planned.dataset.name).get("resetting"):
            _empty(session, planned, storage)
            storage.remember(planned.dataset.name, resetting=False)


def _empty(session: SparkSession, planned: PlannedDataset, storage: Storage) -> None:
    path = storage.table(planned.dataset.name)
    if planned.kind is not Kind.SINK and (path / "_delta_log").is_dir():
        as_before = storage.remembered(planned.dataset.name).get("layout") == declared_print(planned)
        empty_table(session, planned, path, as_before=as_before)
        remember_layout(planned, storage)
