"""Loads one SQL file: every statement becomes definitions in the registry, or a problem with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from goldlane.errors import GoldlaneError, UsageError
from goldlane.pipelines.definitions import Dataset, Flow, Problem
from goldlane.pipelines.places import Place
from goldlane.pipelines.registry import Registry
from goldlane.pipelines.sqlfiles.cursor import Cursor
from goldlane.pipelines.sqlfiles.datasets import read_dataset, read_kind
from goldlane.pipelines.sqlfiles.flows import read_apply_changes, read_create_flow
from goldlane.pipelines.sqlfiles.notebooks import sql_text
from goldlane.pipelines.sqlfiles.scope import Scope
from goldlane.pipelines.sqlfiles.statements import Statement, statements_of

_KNOWN = "CREATE STREAMING TABLE, CREATE MATERIALIZED VIEW, CREATE [TEMPORARY] VIEW, CREATE FLOW, APPLY CHANGES INTO, SET and USE"


def load_sql(file: Path, registry: Registry, session: Any) -> None:
    """Declare what ``file`` says; ``session`` runs its queries later, and answers ``${key}`` from its settings now.

    Raises:
        UsageError: the file is not UTF-8 text.
    """
    statements, errors = statements_of(sql_text(file))
    scope = Scope(str(file), registry.namespace, session)
    found: list[tuple[GoldlaneError, int]] = [(error, error.line or 1) for error in errors]
    for statement in statements:
        try:
            _declare(scope.substituted(statement), scope, registry)
        except GoldlaneError as error:
            found.append((error, error.line or statement.line))
    registry.problems += [_problem(error, Place(str(file), line)) for error, line in sorted(found, key=lambda entry: entry[1])]
    if found:
        registry.unloaded.append(file)


def declares_pipeline(file: Path) -> bool:
    """Whether a SQL file that a folder holds is a pipeline's: it says something that only pipelines say, or views and nothing else.

    A folder may hold other SQL beside its pipeline: a query to look at a table, a script that makes a schema.
    """
    try:
        heads = [_head(statement) for statement in statements_of(sql_text(file))[0]]
    except UsageError:
        return False
    return "pipeline" in heads or ("view" in heads and "other" not in heads)


def _declare(statement: Statement, scope: Scope, registry: Registry) -> None:
    cursor = statement.cursor()
    if cursor.accept("SET"):
        scope.set(cursor)
    elif cursor.accept("USE"):
        scope.use(cursor)
    elif cursor.accept("APPLY", "CHANGES"):
        registry.add_flow(read_apply_changes(cursor, scope))
    elif _accept_create(cursor) and cursor.accept("FLOW"):
        registry.add_flow(read_create_flow(cursor, scope))
    elif declared := read_kind(cursor):
        _add(registry, *read_dataset(cursor, scope, declared, statement.line))
    else:
        begins = " ".join(statement.text.split()[:3])
        raise statement.cursor().error(f"{begins!r} begins no statement of a pipeline", hint=f"a pipeline takes {_KNOWN}")
    cursor.end()


def _accept_create(cursor: Cursor) -> bool:
    created = cursor.accept("CREATE")
    if created and cursor.accept("OR"):
        cursor.accept_any(("REFRESH", "REPLACE"))
    return created


def _add(registry: Registry, dataset: Dataset, flows: tuple[Flow, ...]) -> None:
    known = dataset.name.key in registry.datasets
    registry.add_dataset(dataset)
    if not known:
        for flow in flows:
            registry.add_flow(flow)


def _head(statement: Statement) -> str:
    """What kind of statement it is, by its first words."""
    cursor = statement.cursor()
    if cursor.at("SET") or cursor.at("USE"):
        return "setting"
    if cursor.at("APPLY", "CHANGES"):
        return "pipeline"
    if not _accept_create(cursor):
        return "other"
    if cursor.at("FLOW"):
        return "pipeline"
    declared = read_kind(cursor)
    return "other" if declared is None else "view" if declared.plain else "pipeline"


def _problem(error: GoldlaneError, place: Place) -> Problem:
    hint = f" ({error.hint})" if error.hint else ""
    return Problem(code=type(error).__name__, message=error.message + hint, place=place)
