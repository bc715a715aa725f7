"""A materialized view: its content is replaced by its query's, unless nothing can have changed."""

from __future__ import annotations

from goldlane.pipelines.flows.source import batch_counts, checked_query
from goldlane.pipelines.flows.target import Target
from goldlane.pipelines.outcome import Status
from goldlane.pipelines.plan import PlannedFlow
from goldlane.pipelines.tables import merge_content, replace_content
from goldlane.pipelines.unchanged import fingerprint
from goldlane.pipelines.writes import FlowReads


def materialize(target: Target, flow: PlannedFlow) -> Status:
    """Make the table equal to the query in one commit; UNCHANGED when it must be equal already."""
    storage, name = target.world.storage, target.planned.dataset.name
    reads = FlowReads(target.world, flow.flow)
    # Rules decide about rows as the query does, so they are part of what must not have changed.
    checked = checked_query(target, flow, reads)
    print_of_inputs = fingerprint(checked)
    if print_of_inputs is not None and print_of_inputs == storage.remembered(name).get("fingerprint"):
        return Status.UNCHANGED
    storage.remember(name, fingerprint=None)
    (merge_content if target.planned.primary_key else replace_content)(checked, target.planned, target.path)
    storage.remember(name, fingerprint=print_of_inputs)
    target.on_write(flow.flow.name, None, batch_counts(reads))
    return Status.COMPLETED
