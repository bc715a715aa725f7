"""``CREATE FLOW``, ``APPLY CHANGES INTO`` and the ``FLOW`` clause of a streaming table."""

from __future__ import annotations

from dataclasses import replace

from goldlane.pipelines.api.flows import replacement
from goldlane.pipelines.definitions import Flow, QueryFlow, Replacement
from goldlane.pipelines.names import TableName
from goldlane.pipelines.sqlfiles.changes import read_change_flow
from goldlane.pipelines.sqlfiles.clauses import names_in
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
    """``INSERT``, ``REPLACE USING`` or ``AUTO CDC``, into ``target`` where the statement around it has said one.

    Raises:
        SqlSourceError: it is neither, or a kind of flow that Goldlane does not run.
    """
    if cursor.accept("AUTO", "CDC") or cursor.accept("APPLY", "CHANGES"):
        if cursor.at("FROM", "SNAPSHOT"):
            raise cursor.error(
                "AUTO CDC FROM SNAPSHOT has no SQL", hint="declare it in Python: dlt.create_auto_cdc_from_snapshot_flow(...)"
            )
        once, into = _into(cursor, scope, target)
        return read_change_flow(cursor, scope, name=name, target=into, once=once)
    return _query_flow(cursor, scope, name, target)


def _query_flow(cursor: Cursor, scope: Scope, name: str, target: TableName | None) -> QueryFlow:
    line, once = cursor.line, False
    if target is None or not cursor.at("REPLACE"):
        cursor.expect("INSERT")
        once, target = _into(cursor, scope, target)
        cursor.accept("BY", "NAME")
    replaces = _replacement(cursor, once=once) if cursor.at("REPLACE") else None
    cursor.accept("BY", "NAME")
    if cursor.ended:
        raise cursor.error("the flow has no query")
    return QueryFlow(
        name=name,
        target=target,
        function=scope.query(line=cursor.line, text=cursor.source()),
        place=scope.place(line),
        once=once,
        spark_conf=scope.spark_conf,
        replacement=replaces,
    )


def _replacement(cursor: Cursor, *, once: bool) -> Replacement:
    """``REPLACE USING (keys) SEQUENCE BY column``."""
    if cursor.at("REPLACE", "WHERE"):
        raise cursor.error("REPLACE WHERE flows are not supported", hint="compute the table as a materialized view")
    if once:
        raise cursor.error("a flow that runs once replaces nothing", hint="leave out ONCE, or REPLACE USING")
    cursor.expect("REPLACE", "USING")
    keys = names_in(cursor.group("the keys"))
    cursor.expect("SEQUENCE", "BY")
    return replacement(keys, cursor.name("the column that orders updates"))


def _into(cursor: Cursor, scope: Scope, target: TableName | None) -> tuple[bool, TableName]:
    """Whether the flow runs once, and its target. Databricks has documented ``ONCE`` on both sides of ``INTO``."""
    once = cursor.accept("ONCE")
    if target is None:
        cursor.expect("INTO")
        once = cursor.accept("ONCE") or once
        target = scope.qualify(cursor.name("the flow's target"))
    return once, target
