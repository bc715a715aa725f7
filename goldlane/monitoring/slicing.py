"""Slicing expressions: what can be said against them before Spark sees them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from goldlane.errors import first_line

_DIALECT = "databricks"
SLICES_KEPT = 100


def slicing_mistakes(expressions: Sequence[object]) -> Iterator[str]:
    """Everything wrong with the slicing expressions of a monitor."""
    seen: set[object] = set()
    for expression in expressions:
        if not isinstance(expression, str) or not expression.strip():
            yield f"{expression!r} is no slicing expression; write a column's name, or SQL over a row such as 'amount > 100'"
            continue
        if expression in seen:
            yield f"slicing expression {expression!r} is given twice"
        seen.add(expression)
        yield from _expression_mistakes(expression)


def _expression_mistakes(expression: str) -> Iterator[str]:
    try:
        parsed = sqlglot.parse_one(expression, read=_DIALECT, into=exp.Condition)
    except SqlglotError as error:
        yield f"slicing expression {expression!r} does not parse: {first_line(error)}"
        return
    if parsed.find(exp.Query) is not None:
        yield f"slicing expression {expression!r} holds a subquery; it sees one row and no other table"
    if parsed.find(exp.AggFunc, exp.Window) is not None:
        yield f"slicing expression {expression!r} holds an aggregate or window function; it sees one row"
