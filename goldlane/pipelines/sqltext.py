"""Table names inside SQL text: found with sqlglot, replaced where they stand, everything else left as it was written."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from goldlane.pipelines.sqlscan import scanned_tables
from goldlane.pipelines.streamclauses import StreamClause, Watermark, clauses_behind, stream_clauses, without

DIALECT = "databricks"
_STREAM_CALL = re.compile(r"\bSTREAM\s*\(\s*$", re.IGNORECASE)
_STREAM_WORD = re.compile(r"\bSTREAM\s+$", re.IGNORECASE)
_CLOSING = re.compile(r"\s*\)")
# What a statement writes to is its parent's own table; a view cannot stand there.
_WRITES = (exp.DDL, exp.DML, exp.Schema, exp.Drop, exp.Alter, exp.TruncateTable)
_PATH = re.compile(r"\b(delta|parquet|csv|json|text|orc|avro|binaryFile)\.`([^`]+)`", re.IGNORECASE)
_IDENTIFIER = re.compile(r"\bIDENTIFIER\s*\(\s*(['\"])([\w.`-]+)\1\s*\)", re.IGNORECASE)
# Behind GROUP BY sqlglot takes the function for the clause; a word of its length keeps all places.
_WINDOW = re.compile(r"\bwindow(?=\s*\()", re.IGNORECASE)
_COMMENTS = re.compile(r"^\s*(--[^\n]*\n|/\*.*?\*/|\s)*", re.DOTALL)
# Catalogs, schemas, volumes and grants: a storage has none of them, and every name is readable.
_GOVERNANCE = re.compile(
    r"\s*(USE\b|GRANT\b|REVOKE\b|(CREATE|DROP|ALTER|COMMENT\s+ON)\s+(OR\s+REPLACE\s+)?(EXTERNAL\s+)?(CATALOG|SCHEMA|DATABASE|VOLUME|LOCATION)\b)",
    re.IGNORECASE,
)
# It speaks on stderr of statements that it hands on unread.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class TableReference:
    """A table in SQL text: its name as written, the span to replace, and whether it is read as a stream.

    ``alias`` is what its columns are qualified with when the text says no other: ``orders.id`` of ``FROM LIVE.orders``. One that
    ``travels`` is read AS OF a version or a time, which only a table can be. ``options`` and ``watermark`` are said in clauses behind
    the span, which end at ``tail``.
    """

    name: str
    start: int
    end: int
    streams: bool
    alias: str | None = None
    travels: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    watermark: Watermark | None = None
    tail: int | None = None


def is_governance(text: str) -> bool:
    """Whether a statement is only about catalogs, schemas, volumes or grants, which have no meaning on this machine."""
    return bool(_GOVERNANCE.match(_COMMENTS.sub("", text)))


def replace_paths(text: str, path: Callable[[str], str]) -> str:
    """``text`` with the paths of ``format.`path``` as ``path`` answers them."""
    return _PATH.sub(lambda found: f"{found.group(1)}.`{path(found.group(2))}`", text)


def table_references(text: str) -> list[TableReference]:
    """The tables that ``text`` reads, leaving out the names its own WITH clauses define and ``format.`path```.

    Of text that sqlglot does not parse they are those behind FROM and JOIN: Databricks' SQL has more in it than sqlglot knows.
    """
    clauses = stream_clauses(text)
    plain, parsed = without(text, clauses), statements(text)
    if parsed is None:
        found = [_with_stream(plain, one.start, one.end, None if one.named else one.last) for one in scanned_tables(plain)]
    else:
        found = [reference for statement in parsed for reference in _references(plain, statement)]
    return sorted((_with_clauses(text, one, clauses) for one in found), key=lambda reference: reference.start)


def is_query(text: str) -> bool:
    """Whether ``text`` is one statement that only answers rows of tables; not SHOW or DESCRIBE, which answer about a catalog."""
    found = statements(text) or []
    return len(found) == 1 and isinstance(found[0], exp.Query)


def replace_tables(text: str, replacement: Callable[[TableReference], str | None], *, with_clauses: bool = False) -> str:
    """``text`` with each table reference replaced, except where ``replacement`` answers None; columns keep their qualifiers.

    ``with_clauses`` also replaces the clauses behind a stream, which ``replacement`` then has done.
    """
    text = _IDENTIFIER.sub(r"\2", text)
    for reference in reversed(table_references(text)):
        new = replacement(reference)
        if new is not None:
            alias = f" AS {reference.alias}" if reference.alias else ""
            end = reference.tail if with_clauses and reference.tail is not None else reference.end
            text = text[: reference.start] + new + alias + text[end:]
    return text


def statements(text: str) -> list[exp.Expr] | None:
    """The statements of ``text``, its words in their places; None where it does not parse."""
    plain = _WINDOW.sub("windou", without(text, stream_clauses(text)))
    try:
        return [statement for statement in sqlglot.parse(plain, dialect=DIALECT) if statement is not None]
    except SqlglotError:
        return None


def _references(text: str, statement: exp.Expr) -> Iterator[TableReference]:
    for table in statement.find_all(exp.Table):
        parts = [part for part in table.parts if isinstance(part, exp.Identifier) and "start" in part.meta]
        if len(parts) != len(table.parts) or (len(parts) == 1 and _is_defined(table, parts[0].name)):
            continue
        if table.find_ancestor(exp.Hint):
            # It reads nothing, and its places are counted from the hint's own beginning.
            continue
        if parts[-1].name.startswith(("/", "dbfs:", "file:")) or (isinstance(table.parent, _WRITES) and table.arg_key != "using"):
            continue
        last = parts[-1].meta
        alias = text[last["start"] : last["end"] + 1] if _needs_alias(table) else None
        travels = bool(table.args.get("version") or table.args.get("when"))
        yield replace(_with_stream(text, parts[0].meta["start"], last["end"] + 1, alias), travels=travels)


def _is_defined(table: exp.Table, name: str) -> bool:
    """Whether a WITH clause around ``table`` gives ``name`` a meaning; a clause that is not recursive does not know itself."""
    inside: exp.Expr = table
    while (around := inside.parent) is not None:
        clauses = around.args.get("with_")
        if isinstance(around, exp.With):
            position = next((index for index, cte in enumerate(around.expressions) if cte is inside), 0)
            visible = around.expressions if around.args.get("recursive") else around.expressions[:position]
        else:
            visible = clauses.expressions if clauses is not None and clauses is not inside else []
        if any(cte.alias_or_name.lower() == name.lower() for cte in visible):
            return True
        inside = around
    return False


def _needs_alias(table: exp.Table) -> bool:
    """Whether columns may be qualified by the table's own name. Spark takes no alias before TABLESAMPLE or VERSION AS OF."""
    source = table.parent
    named = table.alias or (isinstance(source, exp.Subquery) and source.alias)
    plain = not any(table.args.get(clause) for clause in ("sample", "version", "when"))
    return plain and not named and isinstance(source, exp.From | exp.Join | exp.Subquery | exp.Stream)


def _with_stream(text: str, start: int, end: int, alias: str | None) -> TableReference:
    name, before = text[start:end], text[:start]
    closing = _CLOSING.match(text, end)
    call = _STREAM_CALL.search(before)
    if call and closing:
        return TableReference(name, call.start(), closing.end(), streams=True, alias=alias)
    word = _STREAM_WORD.search(before)
    return TableReference(name, word.start() if word else start, end, streams=bool(word), alias=alias)


def _with_clauses(text: str, reference: TableReference, clauses: Sequence[StreamClause]) -> TableReference:
    behind = clauses_behind(text, reference.end, clauses) if reference.streams else []
    if not behind:
        return reference
    options = {key: value for clause in behind for key, value in clause.options.items()}
    watermark = next((clause.watermark for clause in behind if clause.watermark), None)
    return replace(reference, options=options, watermark=watermark, tail=behind[-1].end)
