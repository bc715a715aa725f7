"""What a flow reads, under the rules of the dataset it feeds; and the counts of a batch that was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldlane.pipelines.definitions import ChangeFlow, QueryFlow
from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.flows.target import Target
from goldlane.pipelines.guards import evaluating
from goldlane.pipelines.outcome import FlowCounts
from goldlane.pipelines.plan import PlannedFlow
from goldlane.pipelines.reads import reading
from goldlane.pipelines.writes import FlowReads, Observed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def checked_query(target: Target, flow: PlannedFlow, reads: FlowReads, *, is_target: bool = True) -> DataFrame:
    """The rows of a flow's function, checked by its target's rules; as ``is_target`` they are counted as the target's rows.

    Raises:
        PipelineError: the flow is AUTO CDC, which has no query to be written as it is.
    """
    return reads.enforced(query(target, flow, reads), target.planned.dataset, is_target=is_target)


def query(target: Target, flow: PlannedFlow, reads: FlowReads) -> DataFrame:
    """The rows of a flow's function, in the session of the runtime.

    Raises:
        PipelineError: the flow is AUTO CDC, which has no query to be written as it is.
    """
    from pyspark.sql import DataFrame

    if not isinstance(flow.flow, QueryFlow):
        raise PipelineError(f"{target.planned.dataset.written!r} is fed by AUTO CDC, which needs a streaming table")
    with reading(reads), evaluating(target.planned.dataset):
        frame = flow.flow.function()
    return DataFrame(frame._jdf, target.world.session)  # noqa: SLF001  a frame cannot be moved to another session publicly


def checked_changes(target: Target, flow: ChangeFlow, reads: FlowReads) -> DataFrame:
    """The change events of AUTO CDC, checked; they are not the target's rows, and not counted as such."""
    with reading(reads):
        frame = flow.events(reads)
    return reads.enforced(frame, target.planned.dataset, is_target=False)


def batch_counts(reads: FlowReads) -> FlowCounts:
    """Rows and rules of a batch that was written."""
    return reads.counts({entry.name: entry.observation.get for entry in reads.observed if entry.observation is not None and _ran(entry)})


def _ran(entry: Observed) -> bool:
    """Whether an observation saw the write: that of a view which was read and then not used never does, and would wait forever."""
    java = getattr(entry.observation, "_jo", None)
    return entry.is_target or bool(java is not None and java.future().isCompleted())
