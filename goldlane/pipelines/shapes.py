"""What a dataset is, and which columns it has, from what its flows give and its declaration says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from goldlane.errors import Mistakes
from goldlane.pipelines.definitions import Dataset, Kind
from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.plan import PlannedFlow
from goldlane.pipelines.schematext import DeclaredSchema

if TYPE_CHECKING:
    from pyspark.sql.types import StructField, StructType


def kind_of(dataset: Dataset, flows: Sequence[PlannedFlow]) -> Kind:
    """The dataset's kind.

    Raises:
        PipelineError: its flows do not fit the kind it was declared as.
    """
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


def require_distinct_columns(kind: Kind, flows: Sequence[PlannedFlow]) -> None:
    """Refuse queries with two columns of one name.

    Raises:
        Mistakes: each such column.
    """
    names = [(flow.flow.name, column.lower()) for flow in flows for column in flow.schema.names if kind is not Kind.VIEW]
    twice = [
        f"flow {flow!r} gives more than one column {column}" for flow, column in dict.fromkeys(names) if names.count((flow, column)) > 1
    ]
    if twice:
        raise Mistakes("a table's columns differ in more than case", twice)


def schema_of_flows(declared: DeclaredSchema | None, flows: Sequence[PlannedFlow]) -> StructType:
    """The table's columns: the declared ones, else all that its flows give.

    Raises:
        Mistakes: a flow does not give the declared columns.
        PipelineError: nothing says what the columns are.
    """
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
