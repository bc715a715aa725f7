"""The reads of a flow that is only planned: stand-ins for the pipeline's own tables, and a note of everything read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.pipelines.connectors import Elsewhere, columns_of
from goldlane.pipelines.definitions import Flow, Kind
from goldlane.pipelines.errors import MissingTableError, PipelineError
from goldlane.pipelines.names import TableName
from goldlane.pipelines.reads import NO_OPTIONS
from goldlane.pipelines.schematext import schema_of
from goldlane.pipelines.standins import empty_batch, empty_stream

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from goldlane.pipelines.externals import Externals
    from goldlane.pipelines.files import FileReads
    from goldlane.pipelines.plan import PlannedDataset
    from goldlane.pipelines.resolution import Names


_CHANGE_COLUMNS = "_change_type STRING, _commit_version BIGINT, _commit_timestamp TIMESTAMP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """What the plans of all flows share. ``dataset`` plans the one it is asked for, where that has not been done."""

    session: SparkSession
    names: Names
    externals: Externals
    files: FileReads
    dataset: Callable[[str], PlannedDataset]


class PlanReads:
    """Answers reads with stand-ins, and notes what was read."""

    def __init__(self, planning: Planning, flow: Flow) -> None:
        self._planning, self._reader = planning, flow.target
        self._files = planning.files.of(flow)
        self.inputs: list[str] = []
        self.externals: list[str] = []

    @property
    def keys(self) -> set[str]:
        """Everything read so far, inside the pipeline and outside."""
        return {*self.inputs, *(self._planning.names.of(name, self._reader).key for name in self.externals)}

    def batch(self, name: str, options: Mapping[str, str] = NO_OPTIONS) -> DataFrame:
        """An empty batch of a planned dataset's schema, or the external table."""
        qualified = self._planning.names.of(name, self._reader)
        if qualified.key not in self._planning.names.datasets:
            self.externals.append(name)
            return self._planning.externals.batch(qualified, name, options)
        planned = self._readable(qualified)
        streams = planned.kind is Kind.VIEW and planned.flows[0].streams
        return (empty_stream if streams else empty_batch)(self._planning.session, _read_schema(planned, options))

    def stream(self, name: str, options: Mapping[str, str]) -> DataFrame:
        """An unstarted stream of a planned dataset's schema, or of the external table."""
        qualified = self._planning.names.of(name, self._reader)
        if qualified.key not in self._planning.names.datasets:
            self.externals.append(name)
            return self._planning.externals.stream(qualified, name, options)
        planned = self._readable(qualified)
        if planned.kind is Kind.VIEW and not planned.flows[0].streams:
            raise PipelineError(
                f"{name!r} is read as a stream, but this view's query is a batch", hint="read it with dlt.read, or stream inside the view"
            )
        return empty_stream(self._planning.session, _read_schema(planned, options))

    def cloud_files(self, paths: Sequence[str], options: Mapping[str, str], schema: StructType | None) -> DataFrame:
        """A stand-in for the Auto Loader stream; its schema comes from the files."""
        return self._files.planned_files(paths, options, schema)

    def elsewhere(self, source: Elsewhere) -> DataFrame:
        """The rows bound in place of a source; a broker's columns are known without: the flow alone will fail, not the plan."""
        bound, columns = self._planning.externals.elsewhere(source), columns_of(source)
        if bound is not None:
            return bound
        try:
            return source.frame()
        except PipelineError:
            if columns is None:
                raise
            return (empty_stream if source.streams else empty_batch)(self._planning.session, schema_of(columns))

    def knows(self, name: str) -> bool:
        """Whether SQL text that says ``name`` means something of ours."""
        return self._planning.names.knows(name, self._reader)

    def missing(self, name: str) -> MissingTableError:
        """The error for a table that nobody knows."""
        return self._planning.externals.missing(name)

    def location(self, name: str) -> Path | None:
        """Where the table lies; a table of the pipeline is not read by its folder while planning."""
        return self._planning.externals.location(self._planning.names.of(name, self._reader), name)

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


def _read_schema(planned: PlannedDataset, options: Mapping[str, str]) -> StructType:
    """The columns of a read: those of the change feed come with it."""
    from pyspark.sql.types import StructType

    asked = {key.lower(): value.lower() for key, value in options.items()}
    if "true" not in {asked.get("readchangefeed"), asked.get("readchangedata")}:
        return planned.schema
    columns = schema_of(_CHANGE_COLUMNS)
    return StructType([*planned.schema.fields, *columns.fields])
