"""Runs each dataset function once against empty stand-ins: finds inputs, kinds and schemas, and every mistake, before a write."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import Mistakes
from goldlane.pipelines.checks import checks_of
from goldlane.pipelines.definitions import ChangeFlow, Dataset, Flow, Kind, Problem
from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.externals import Externals
from goldlane.pipelines.failures import message_of
from goldlane.pipelines.places import Place, place_of_error
from goldlane.pipelines.plan import Plan, PlannedDataset, PlannedFlow
from goldlane.pipelines.planreads import Planning, PlanReads
from goldlane.pipelines.reads import reading
from goldlane.pipelines.registry import Registry
from goldlane.pipelines.schematext import DeclaredSchema, parse_schema
from goldlane.pipelines.standins import empty_stream

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructField, StructType

    from goldlane.pipelines.files import FileReads


class _DependsOnBrokenError(Exception):
    """A dataset cannot be planned because one it reads could not; only the first cause is reported."""


class Planner:
    """Plans datasets on demand: reading one that is not planned yet plans it first."""

    def __init__(self, registry: Registry, session: SparkSession, externals: Externals, files: FileReads, root: Path) -> None:
        self.registry, self.session = registry, session
        self._planning = Planning(session=session, registry=registry, externals=externals, files=files, dataset=self.dataset)
        self._root = root
        self._planned: dict[str, PlannedDataset] = {}
        self._open: list[str] = []
        self._broken: set[str] = set()
        self.problems: list[Problem] = list(registry.problems)

    def plan(self) -> Plan:
        """Every dataset of the registry, or the problems that prevent it."""
        for key in self.registry.datasets:
            try:
                self.dataset(key)
            except _DependsOnBrokenError:
                continue
        return Plan(datasets=self._planned, problems=tuple(self.problems))

    def dataset(self, key: str) -> PlannedDataset:
        """The planned dataset, planning it now where needed.

        Raises:
            PipelineError: it reads itself, over whatever way.
        """
        if key in self._planned:
            return self._planned[key]
        if key in self._broken:
            raise _DependsOnBrokenError
        if key in self._open:
            circle = [self.registry.datasets[one].written for one in [*self._open[self._open.index(key) :], key]]
            raise PipelineError(f"datasets read each other in a circle: {' -> '.join(circle)}")
        self._open.append(key)
        try:
            planned = self._plan_dataset(self.registry.datasets[key])
        except _DependsOnBrokenError:
            self._broken.add(key)
            raise
        finally:
            self._open.pop()
        self._planned[key] = planned
        return planned

    def _plan_dataset(self, dataset: Dataset) -> PlannedDataset:
        place = dataset.place
        try:
            declared = parse_schema(dataset.schema) if dataset.schema is not None else None
            flows = tuple(self._plan_flow(flow, dataset) for flow in self.registry.flows_into(dataset.name))
            kind = _kind(dataset, flows)
            _require_distinct_columns(kind, flows)
            schema = _schema(declared, flows)
        except _DependsOnBrokenError:
            raise
        except Exception as error:  # noqa: BLE001  user code may raise anything; it becomes a problem of its dataset
            found = place_of_error(sys.exc_info()[2], self._root)
            self._report(error, dataset, found or place)
            raise _DependsOnBrokenError from None
        key = declared.primary_key if declared else ()
        return PlannedDataset(dataset=dataset, kind=kind, schema=schema, primary_key=key, flows=flows)

    def _plan_flow(self, flow: Flow, dataset: Dataset) -> PlannedFlow:
        reads = PlanReads(self._planning, flow)
        with reading(reads):
            frame = self._frame(flow, reads)
        if dataset.expectations:
            _try_checks(frame, dataset)
        return PlannedFlow(
            flow=flow,
            schema=frame.schema,
            streams=frame.isStreaming,
            inputs=tuple(dict.fromkeys(reads.inputs)),
            externals=tuple(dict.fromkeys(reads.externals)),
        )

    def _frame(self, flow: Flow, reads: PlanReads) -> DataFrame:
        from pyspark.sql import DataFrame

        if isinstance(flow, ChangeFlow):
            from goldlane.pipelines.cdc import target_schema

            source = reads.stream(flow.source, {})
            return empty_stream(self.session, target_schema(source.schema, flow.spec, self.session))
        frame = flow.function()
        if not isinstance(frame, DataFrame):
            raise PipelineError(
                f"{flow.name!r} returned {type(frame).__name__}, not a DataFrame", hint="a dataset function returns its query"
            )
        return frame

    def _report(self, error: Exception, dataset: Dataset, place: Place | None) -> None:
        code = type(error).__name__
        mistakes: Sequence[str] = error.mistakes if isinstance(error, Mistakes) else [message_of(error)]
        hint = f" ({error.hint})" if isinstance(error, Mistakes) and error.hint else ""
        for mistake in mistakes:
            self.problems.append(Problem(code=code, message=f"{dataset.written!r}: {mistake}{hint}", place=place))


def _try_checks(frame: DataFrame, dataset: Dataset) -> None:
    from pyspark.sql import Observation

    from goldlane.expectations import enforce

    enforce(frame, checks_of(dataset), "planning" if frame.isStreaming else Observation(), flow=dataset.written)


def _kind(dataset: Dataset, flows: Sequence[PlannedFlow]) -> Kind:
    streams = any(flow.streams for flow in flows)
    if len(flows) > 1 and (dataset.kind in {Kind.VIEW, Kind.MATERIALIZED_VIEW} or not (streams or dataset.kind)):
        more = ", ".join(repr(flow.flow.name) for flow in flows[1:])
        raise PipelineError(f"flow {more} writes into a {dataset.kind or Kind.MATERIALIZED_VIEW}", hint="only streaming tables take flows")
    if dataset.kind is Kind.MATERIALIZED_VIEW and streams:
        raise PipelineError("a materialized view's query cannot stream", hint="use @dlt.table, or read its inputs with dlt.read")
    if dataset.kind is not Kind.STREAMING_TABLE and not (dataset.kind is None and streams):
        return dataset.kind or Kind.MATERIALIZED_VIEW
    batches = [flow.flow.name for flow in flows if not flow.streams and not flow.flow.once]
    if batches:
        raise PipelineError(
            f"flow {', '.join(batches)} appends a batch to a streaming table", hint="read its source as a stream, or say once=True"
        )
    return Kind.STREAMING_TABLE


def _require_distinct_columns(kind: Kind, flows: Sequence[PlannedFlow]) -> None:
    names = [(flow.flow.name, column.lower()) for flow in flows for column in flow.schema.names if kind is not Kind.VIEW]
    twice = [
        f"flow {flow!r} gives more than one column {column}" for flow, column in dict.fromkeys(names) if names.count((flow, column)) > 1
    ]
    if twice:
        raise Mistakes("a table's columns differ in more than case", twice)


def _schema(declared: DeclaredSchema | None, flows: Sequence[PlannedFlow]) -> StructType:
    from pyspark.sql.types import StructField, StructType

    if declared is not None:
        mistakes = [mistake for flow in flows for mistake in _differences(declared.columns, flow)]
        if mistakes:
            raise Mistakes("the query does not fit schema=", mistakes)
        return declared.columns
    if not flows:
        raise PipelineError("has no flow and no schema=, so its columns are unknown", hint="add a flow, or say schema=")
    fields: dict[str, StructField] = {}
    for flow in flows:
        for column in flow.schema.fields:
            # Only a declared schema promises NOT NULL; a query's nullability changes with its optimizer.
            fields.setdefault(column.name.lower(), StructField(column.name, column.dataType, nullable=True, metadata=column.metadata))
    return StructType(list(fields.values()))


def _differences(declared: StructType, flow: PlannedFlow) -> list[str]:
    found = {column.name.lower(): column for column in flow.schema.fields}
    wanted = {column.name.lower(): column for column in declared.fields}
    missing = [
        f"column {column.name} is declared, but flow {flow.flow.name!r} does not give it"
        for key, column in wanted.items()
        if key not in found
    ]
    extra = [
        f"flow {flow.flow.name!r} gives column {column.name}, which is not declared" for key, column in found.items() if key not in wanted
    ]
    types = [
        f"column {column.name} is declared {_type(column)}, but flow {flow.flow.name!r} gives {_type(found[key])}"
        for key, column in wanted.items()
        if key in found and _type(found[key]) != _type(column)
    ]
    return [*missing, *extra, *types]


def _type(column: StructField) -> str:
    return column.dataType.simpleString()
