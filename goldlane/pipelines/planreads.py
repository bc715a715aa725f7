"""The reads of a flow that is only planned: stand-ins for the pipeline's own tables, and a note of everything read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goldlane.pipelines.definitions import Flow, Kind
from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.names import TableName
from goldlane.pipelines.standins import empty_batch, empty_stream

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from goldlane.pipelines.externals import Externals
    from goldlane.pipelines.files import FileReads
    from goldlane.pipelines.plan import PlannedDataset
    from goldlane.pipelines.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """What the plans of all flows share. ``dataset`` plans the one it is asked for, where that has not been done."""

    session: SparkSession
    registry: Registry
    externals: Externals
    files: FileReads
    dataset: Callable[[str], PlannedDataset]


class PlanReads:
    """Answers reads with stand-ins, and notes what was read."""

    def __init__(self, planning: Planning, flow: Flow) -> None:
        self._planning = planning
        self._files = planning.files.of(flow)
        self.inputs: list[str] = []
        self.externals: list[str] = []

    @property
    def keys(self) -> set[str]:
        """Everything read so far, inside the pipeline and outside."""
        return {*self.inputs, *(self._planning.registry.namespace.qualify(name).key for name in self.externals)}

    def batch(self, name: str) -> DataFrame:
        """An empty batch of a planned dataset's schema, or the external table."""
        qualified = self._planning.registry.namespace.qualify(name)
        if qualified.key not in self._planning.registry.datasets:
            self.externals.append(name)
            return self._planning.externals.batch(qualified, name)
        planned = self._readable(qualified)
        streams = planned.kind is Kind.VIEW and planned.flows[0].streams
        return (empty_stream if streams else empty_batch)(self._planning.session, planned.schema)

    def stream(self, name: str, options: Mapping[str, str]) -> DataFrame:
        """An unstarted stream of a planned dataset's schema, or of the external table."""
        qualified = self._planning.registry.namespace.qualify(name)
        if qualified.key not in self._planning.registry.datasets:
            self.externals.append(name)
            return self._planning.externals.stream(qualified, name, options)
        planned = self._readable(qualified)
        if planned.kind is Kind.VIEW and not planned.flows[0].streams:
            raise PipelineError(
                f"{name!r} is read as a stream, but this view's query is a batch", hint="read it with dlt.read, or stream inside the view"
            )
        return empty_stream(self._planning.session, planned.schema)

    def cloud_files(self, paths: Sequence[str], options: Mapping[str, str], schema: StructType | None) -> DataFrame:
        """A stand-in for the Auto Loader stream; its schema comes from the files."""
        return self._files.planned_files(paths, options, schema)

    def knows(self, name: str) -> bool:
        """Whether SQL text that says ``name`` means something of ours."""
        qualified = self._planning.registry.namespace.qualify(name)
        return qualified.key in self._planning.registry.datasets or self._planning.externals.knows(qualified)

    def path(self, path: str) -> str:
        """The mapped path."""
        return self._planning.files.path(path)

    def _readable(self, name: TableName) -> PlannedDataset:
        self.inputs.append(name.key)
        planned = self._planning.dataset(name.key)
        if planned.kind is Kind.SINK:
            raise PipelineError(
                f"{planned.dataset.written!r} is a sink, and nothing can be read from it", hint="read what the sink's flow reads"
            )
        return planned
