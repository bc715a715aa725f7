"""``CREATE FLOW``, ``APPLY CHANGES INTO`` and the ``FLOW`` clause of a streaming table."""

from __future__ import annotations

from dataclasses import replace

from goldlane.pipelines.definitions import Flow, QueryFlow
from goldlane.pipelines.names import TableName
from goldlane.pipelines.sqlfiles.changes import read_change_flow
from goldlane.pipelines.sqlfiles.cursor import Cursor
from goldlane.pipelines.sqlfiles.scope import Scope


def read_create_flow(cursor: Cursor, scope: Scope) -> Flow:
    """The flow of ``name [COMMENT text] AS ...``."""
    name = cursor.name("a flow's name").replace("`", "")
    comment = cursor.string("a comment") if cursor.accept("COMMENT") else None
    cursor.expect("AS")
    flow = read_flow(cursor, scope, name=name)
    return replace(flow, comment=comment) if isinstance(flow, QueryFlow) else flow


def read_apply_changes(cursor: Cursor, scope: Scope) -> Flow:
    """The flow of an ``APPLY CHANGES INTO target ...`` that stands on its own."""
    cursor.expect("INTO")
    return read_change_flow(cursor, scope, name=None, target=scope.qualify(cursor.name("the flow's target")), once=False)


def read_flow(cursor: Cursor, scope: Scope, *, name: str, target: TableName | None = None) -> Flow:
    """``INSERT ...`` or ``AUTO CDC ...``, into ``target`` where the statement around it has said one.

    Raises:
        SqlSourceError: it is neither, or a kind of flow that Goldlane does not run.
    """
    line = cursor.line
    if cursor.accept("AUTO", "CDC") or cursor.accept("APPLY", "CHANGES"):
        if cursor.at("FROM", "SNAPSHOT"):
            raise cursor.error(
                "AUTO CDC FROM SNAPSHOT has no SQL", hint="declare it in Python: dlt.create_auto_cdc_from_snapshot_flow(...)"
            )
        once, into = _into(cursor, scope, target)
        return read_change_flow(cursor, scope, name=name, target=into, once=once)
    if cursor.at("REPLACE"):
        raise cursor.error("REPLACE WHERE flows are not supported", hint="compute the table as a materialized view")
    cursor.expect("INSERT")
    once, into = _into(cursor, scope, target)
    cursor.accept("BY", "NAME")
    if cursor.ended:
        raise cursor.error("the flow has no query")
    query = scope.query(line=cursor.line, text=cursor.source())
    return QueryFlow(name=name, target=into, function=query, place=scope.place(line), once=once, spark_conf=scope.spark_conf)


def _into(cursor: Cursor, scope: Scope, target: TableName | None) -> tuple[bool, TableName]:
    """Whether the flow runs once, and its target. Databricks has documented ``ONCE`` on both sides of ``INTO``."""
    once = cursor.accept("ONCE")
    if target is None:
        cursor.expect("INTO")
        once = cursor.accept("ONCE") or once
        target = scope.qualify(cursor.name("the flow's target"))
    return once, target
