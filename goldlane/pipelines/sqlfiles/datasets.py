"""``CREATE ... TABLE`` and ``CREATE ... VIEW``: a dataset, and the flow that feeds it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from goldlane.pipelines.definitions import Dataset, Flow, Kind, QueryFlow
from goldlane.pipelines.sqlfiles.clauses import QUERY_WORDS, read_clauses
from goldlane.pipelines.sqlfiles.columns import Columns, read_columns
from goldlane.pipelines.sqlfiles.cursor import Cursor
from goldlane.pipelines.sqlfiles.flows import read_flow
from goldlane.pipelines.sqlfiles.scope import Scope

_ADJECTIVES = ("STREAMING", "INCREMENTAL", "MATERIALIZED", "LIVE", "TEMPORARY", "TEMP", "PRIVATE")
_PRIVATE = {"TEMPORARY", "TEMP", "PRIVATE"}


@dataclass(frozen=True, slots=True)
class Declared:
    """What a statement creates; a plain view may also be that of a script that is no pipeline."""

    kind: Kind
    temporary: bool
    plain: bool


def read_kind(cursor: Cursor) -> Declared | None:
    """What ``[adjectives] TABLE | VIEW`` after ``CREATE`` means to a pipeline; None when it means nothing to it."""
    said = set()
    while adjective := cursor.accept_any(_ADJECTIVES):
        said.add(adjective)
    temporary = not said.isdisjoint(_PRIVATE)
    if cursor.accept("VIEW"):
        kind = Kind.MATERIALIZED_VIEW if "MATERIALIZED" in said else Kind.VIEW
        return Declared(kind, temporary and kind is not Kind.VIEW, plain=said <= _PRIVATE)
    if not cursor.accept("TABLE") or said <= _PRIVATE:
        return None
    streams = not said.isdisjoint({"STREAMING", "INCREMENTAL"})
    return Declared(Kind.STREAMING_TABLE if streams else Kind.MATERIALIZED_VIEW, temporary, plain=False)


def read_dataset(cursor: Cursor, scope: Scope, declared: Declared, line: int) -> tuple[Dataset, tuple[Flow, ...]]:
    """The dataset whose name comes next, and its flow, if the statement has a query.

    Raises:
        SqlSourceError: a clause is unknown, or a query is missing.
    """
    cursor.accept("IF", "NOT", "EXISTS")
    name = cursor.name("a name")
    columns = read_columns(cursor, scope)
    clauses = read_clauses(cursor)
    found = scope.qualify(name)
    dataset = Dataset(
        name=found,
        written=name.replace("`", "") if not name.upper().startswith("LIVE.") else found.table,
        kind=declared.kind,
        place=scope.place(line),
        comment=clauses.comment,
        schema=columns.schema,
        partition_cols=clauses.partition_cols,
        cluster_by=clauses.cluster_by,
        table_properties=clauses.table_properties,
        temporary=declared.temporary,
        refresh_policy=clauses.refresh_policy,
        ignored=tuple(clauses.ignored),
        expectations=tuple(columns.expectations),
    )
    return dataset, _flow(cursor, scope, dataset, columns)


def _flow(cursor: Cursor, scope: Scope, dataset: Dataset, columns: Columns) -> tuple[Flow, ...]:
    streams = dataset.kind is Kind.STREAMING_TABLE
    if streams and cursor.accept("FLOW"):
        return (read_flow(cursor, scope, name=dataset.written, target=dataset.name),)
    if cursor.ended and streams:
        return ()
    if not any(cursor.at(word) for word in QUERY_WORDS):
        cursor.expect("AS")
    if cursor.ended:
        raise cursor.error("AS needs a query")
    query = replace(scope.query(line=cursor.line, text=cursor.source()), labels=tuple(columns.labels))
    return (QueryFlow(name=dataset.written, target=dataset.name, function=query, place=dataset.place, spark_conf=scope.spark_conf),)
