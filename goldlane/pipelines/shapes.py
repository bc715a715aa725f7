"""What a dataset is, and which columns it has, from what its flows give and its declaration says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from goldlane.errors import Mistakes
from goldlane.pipelines.definitions import Dataset, Kind, QueryFlow
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
    appends = dataset.kind in {Kind.STREAMING_TABLE, Kind.SINK} or (dataset.kind is None and streams)
    kind = dataset.kind or (Kind.STREAMING_TABLE if streams else Kind.MATERIALIZED_VIEW)
    misfits = [misfit for flow in flows for misfit in _misfits(kind, flow, appends=appends)]
    if misfits:
        raise Mistakes(f"a {kind.value.replace('_', ' ')} cannot take every flow", misfits)
    return kind


def _misfits(kind: Kind, flow: PlannedFlow, *, appends: bool) -> Iterator[str]:
    name, query = repr(flow.flow.name), flow.flow
    if appends and not flow.streams and not query.once:
        yield f"flow {name} appends a batch to a {kind.value.replace('_', ' ')}; read its source as a stream, or say once=True"
    if not isinstance(query, QueryFlow):
        if kind is Kind.SINK:
            yield f"flow {name} is AUTO CDC, which a sink cannot take; sinks take append_flow and update_flow"
        return
    if query.updates and kind is not Kind.SINK:
        yield f"flow {name} is an update flow, which only a sink can take; append to the table, or keep one row per key by AUTO CDC"
    if query.replacement is None:
        return
    if kind is not Kind.STREAMING_TABLE or not flow.streams:
        yield f"flow {name} replaces by key, which needs a streaming table and a query that streams"
    missing = [key for key in query.replacement.keys if key.lower() not in map(str.lower, flow.schema.names)]
    if missing:
        yield f"flow {name} replaces by {', '.join(missing)}, which its query does not give"


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


def schema_of_flows(kind: Kind, declared: DeclaredSchema | None, flows: Sequence[PlannedFlow]) -> StructType:
    """The table's columns: the declared ones, else all that its flows give.

    Raises:
        Mistakes: a flow does not give the declared columns.
        PipelineError: nothing says what the columns are.
    """
    from pyspark.sql.types import StructField, StructType

    if declared is not None:
        mistakes = [mistake for flow in flows for mistake in _differences(declared, flow)]
        if mistakes:
            raise Mistakes("the query does not fit schema=", mistakes)
        return declared.columns
    if not flows and kind is not Kind.SINK:
        raise PipelineError("has no flow and no schema=, so its columns are unknown", hint="add a flow, or say schema=")
    fields: dict[str, StructField] = {}
    for flow in flows:
        for column in flow.schema.fields:
            # Only a declared schema promises NOT NULL; a query's nullability changes with its optimizer.
            fields.setdefault(column.name.lower(), StructField(column.name, column.dataType, nullable=True, metadata=column.metadata))
    return StructType(list(fields.values()))


def _differences(declared: DeclaredSchema, flow: PlannedFlow) -> list[str]:
    found = {column.name.lower(): column for column in flow.schema.fields}
    wanted = {column.name.lower(): column for column in declared.columns.fields}
    missing = [
        f"column {column.name} is declared, but flow {flow.flow.name!r} does not give it"
        for key, column in wanted.items()
        if key not in found and key not in declared.generated
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
