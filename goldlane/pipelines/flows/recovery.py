"""Why a stream cannot go on from where it was: a damaged checkpoint, or a source that was computed anew."""

from __future__ import annotations

from dataclasses import replace

from goldlane.pipelines.definitions import Kind
from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.flows.checkpoints import damaged_checkpoint
from goldlane.pipelines.flows.target import Target
from goldlane.pipelines.plan import PlannedFlow
from goldlane.stopping import StoppedError


def restarted(target: Target) -> Target:
    """The target in a new generation: its table was gone, and what its checkpoints have read must be read again.

    Raises:
        PipelineError: the table must not lose its rows (``pipelines.reset.allowed``).
    """
    dataset, storage = target.planned.dataset, target.world.storage
    if dataset.table_properties.get("pipelines.reset.allowed", "true").lower() == "false":
        message = f"the table of {dataset.written!r} is gone from {target.path}, and pipelines.reset.allowed is false"
        raise PipelineError(message, hint="put the folder back from a backup, or allow the reset")
    storage.remember(dataset.name, generation=target.generation + 1)
    for flow in target.planned.flows:
        target.on_retry(flow.flow.name, f"its table was gone from {target.path}, and is made from all rows of its sources")
    return replace(target, generation=target.generation + 1)


def remember_sources(target: Target, flow: PlannedFlow) -> None:
    """Note which generation of each table the flow has read."""
    storage, name = target.world.storage, target.planned.dataset.name
    seen = storage.remembered(name).get("sources", {})
    now = _generations(target, flow)
    if seen.get(flow.flow.name) != now:
        storage.remember_source(name, flow.flow.name, now)


def explained(error: Exception, target: Target, flow: PlannedFlow) -> Exception:
    """``error``, or what is behind it where that says what to do next."""
    if isinstance(error, StoppedError):
        return error
    dataset = target.planned.dataset
    damaged = damaged_checkpoint(target.checkpoint(flow.flow.name), dataset.written)
    if damaged is not None:
        return damaged
    seen = target.world.storage.remembered(dataset.name).get("sources", {}).get(flow.flow.name, {})
    anew = [key for key, generation in _generations(target, flow).items() if seen.get(key, generation) != generation]
    if not anew:
        return error
    names = ", ".join(target.world.plan.datasets[key].dataset.written for key in anew)
    # As on Databricks: whoever streams from a table must be refreshed with it.
    return PipelineError(
        f"{names} was fully refreshed, and {dataset.written!r} has streamed from what it held before",
        hint=f"--full-refresh {dataset.written}",
    )


def _generations(target: Target, flow: PlannedFlow) -> dict[str, int]:
    tables = {key: target.world.plan.datasets[key] for key in flow.inputs}
    return {key: target.world.storage.generation(planned.dataset.name) for key, planned in tables.items() if planned.kind is not Kind.VIEW}
