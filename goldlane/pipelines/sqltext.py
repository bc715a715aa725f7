"""Table names inside SQL text: found with sqlglot, replaced where they stand, everything else left as it was written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

_STREAM_CALL = re.compile(r"\bSTREAM\s*\(\s*$", re.IGNORECASE)
_STREAM_WORD = re.compile(r"\bSTREAM\s+$", re.IGNORECASE)
_CLOSING = re.compile(r"\s*\)")


@dataclass(frozen=True, slots=True)
class TableReference:
    """A table in SQL text: its name as written, the span to replace, and whether it is read as a stream."""

    name: str
    start: int
    end: int
    streams: bool


def table_references(text: str) -> list[TableReference]:
    """The tables that ``text`` reads, leaving out the names its own WITH clauses define and ``format.`path```.

    Text that does not parse has no references: Spark will say what is wrong with it.
    """
    try:
        statements = [statement for statement in sqlglot.parse(text, dialect="databricks") if statement is not None]
    except SqlglotError:
        return []
    found = [reference for statement in statements for reference in _references(text, statement)]
    return sorted(found, key=lambda reference: reference.start)


def replace_tables(text: str, replacement: Callable[[TableReference], str | None]) -> str:
    """``text`` with each table reference replaced, except where ``replacement`` answers None."""
    for reference in reversed(table_references(text)):
        new = replacement(reference)
        if new is not None:
            text = text[: reference.start] + new + text[reference.end :]
    return text


def _references(text: str, statement: exp.Expr) -> Iterator[TableReference]:
    defined = {cte.alias_or_name.lower() for cte in statement.find_all(exp.CTE)}
    for table in statement.find_all(exp.Table):
        parts = [part for part in table.parts if isinstance(part, exp.Identifier) and "start" in part.meta]
        if len(parts) != len(table.parts) or (len(parts) == 1 and parts[0].name.lower() in defined):
            continue
        if parts[-1].name.startswith(("/", "dbfs:", "file:")):
            continue
        yield _with_stream(text, parts[0].meta["start"], parts[-1].meta["end"] + 1)


def _with_stream(text: str, start: int, end: int) -> TableReference:
    name, before = text[start:end], text[:start]
    closing = _CLOSING.match(text, end)
    call = _STREAM_CALL.search(before)
    if call and closing:
        return TableReference(name, call.start(), closing.end(), streams=True)
    word = _STREAM_WORD.search(before)
    return TableReference(name, word.start() if word else start, end, streams=bool(word))
