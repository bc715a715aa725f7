"""A materialized view: its content is replaced by its query's, unless nothing can have changed."""

from __future__ import annotations

from goldlane.pipelines.flows.source import batch_counts, checked_query
from goldlane.pipelines.flows.target import Target
from goldlane.pipelines.outcome import Status
from goldlane.pipelines.plan import PlannedFlow
from goldlane.pipelines.promises import broken_key
from goldlane.pipelines.tables import merge_content, replace_content
from goldlane.pipelines.unchanged import fingerprint
from goldlane.pipelines.writes import FlowReads


def materialize(target: Target, flow: PlannedFlow) -> Status:
    """Make the table equal to the query in one commit; UNCHANGED when it must be equal already."""
    storage, name = target.world.storage, target.planned.dataset.name
    reads = FlowReads(target.world, flow.flow)
    # Rules decide about rows as the query does, so they are part of what must not have changed.
    checked = checked_query(target, flow, reads)
    print_of_inputs, known = fingerprint(checked), storage.remembered(name)
    if print_of_inputs is not None and print_of_inputs == known.get("fingerprint"):
        return Status.UNCHANGED
    storage.remember(name, fingerprint=None)
    try:
        # Where the table holds doubled keys, a merge by key could not mend it.
        merges = target.planned.primary_key and not known.get("doubled_keys")
        (merge_content if merges else replace_content)(checked, target.planned, target.path)
        doubled = False
    except Exception as error:
        key = broken_key(error)
        if key is None:
            raise
        reads, doubled = _replace_as_it_is(target, flow, key), True
    storage.remember(name, fingerprint=print_of_inputs, doubled_keys=doubled)
    target.on_write(flow.flow.name, None, batch_counts(reads))
    return Status.COMPLETED


def _replace_as_it_is(target: Target, flow: PlannedFlow, key: str) -> FlowReads:
    """Write the content whole: a primary key is information here as on Databricks, and does not decide what the rows are."""
    target.on_retry(flow.flow.name, f"{key}, so that the table is written as a whole, doubled keys included")
    target.world.storage.remember(target.planned.dataset.name, doubled_keys=True)
    reads = FlowReads(target.world, flow.flow)
    replace_content(checked_query(target, flow, reads), target.planned, target.path, unique=False)
    return reads
