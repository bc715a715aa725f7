"""What stands behind a stream in SQL text: ``STREAM orders WITH (SKIPCHANGECOMMITS) WATERMARK at DELAY OF INTERVAL 3 MINUTES``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlglot
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from goldlane.sqlcalls import closing, parts

_CLAUSE = re.compile(r"\bWITH\s*\(|\bDELAY\s+OF\b", re.IGNORECASE)
_NOT_BLANK = re.compile(r"\S")
_UNITS = re.compile(r"(MILLISECOND|SECOND|MINUTE|HOUR|DAY|WEEK|MONTH|YEAR)S?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Watermark:
    """The column of a stream's time, and how late its rows may come."""

    column: str
    delay: str


@dataclass(frozen=True, slots=True)
class StreamClause:
    """One clause and the span it stands in; an option without a value is true."""

    start: int
    end: int
    options: Mapping[str, str] = field(default_factory=dict)
    watermark: Watermark | None = None


def stream_clauses(text: str) -> list[StreamClause]:
    """The clauses of ``text``, in its order. No other clause of a query has a parenthesis right behind its WITH."""
    if not _CLAUSE.search(text):
        return []
    try:
        tokens = sqlglot.tokenize(text, read="databricks")
    except SqlglotError:
        return []
    return list(_clauses(text, tokens))


def without(text: str, clauses: Sequence[StreamClause]) -> str:
    """``text`` with blanks in the place of ``clauses``: everything else stays in its line and column."""
    for clause in clauses:
        text = text[: clause.start] + _NOT_BLANK.sub(" ", text[clause.start : clause.end]) + text[clause.end :]
    return text


def clauses_behind(text: str, end: int, clauses: Sequence[StreamClause]) -> list[StreamClause]:
    """Those of ``clauses`` that come next behind the place ``end`` of ``text``, one behind the other."""
    found: list[StreamClause] = []
    for clause in clauses:
        if clause.start >= end and not text[end : clause.start].strip():
            found.append(clause)
            end = clause.end
    return found


def _clauses(text: str, tokens: Sequence[Any]) -> Iterator[StreamClause]:
    for position in range(1, len(tokens) - 1):
        if tokens[position].token_type is TokenType.WITH and tokens[position + 1].token_type is TokenType.L_PAREN:
            last = min(closing(tokens, position + 1), len(tokens) - 1)
            options = dict(_option(text, part) for part in parts(tokens[position + 2 : last]))
            yield StreamClause(tokens[position].start, tokens[last].end + 1, options=options)
        elif tokens[position].text.upper() == "WATERMARK":
            yield from _watermark(tokens, position)


def _option(text: str, part: Sequence[Any]) -> tuple[str, str]:
    named = len(part) > 2 and part[1].token_type is TokenType.EQ  # noqa: PLR2004  name, sign and a value
    if not named:
        return part[0].text, "true"
    value = part[2].text if len(part) == 3 else text[part[2].start : part[-1].end + 1]  # noqa: PLR2004  a single literal is without its quotes
    return part[0].text, value


def _watermark(tokens: Sequence[Any], position: int) -> Iterator[StreamClause]:
    """``WATERMARK column DELAY OF INTERVAL 3 MINUTES``; the column's qualifier is the stream's own."""
    said = [token.text.upper() for token in tokens]
    at = next((found for found in range(position + 2, len(tokens) - 3) if said[found : found + 3] == ["DELAY", "OF", "INTERVAL"]), None)
    if at is None:
        return
    if any(token.text != "." and not token.text.replace("_", "").isalnum() for token in tokens[position + 1 : at]):
        return  # an expression: Spark's own business
    column, last = tokens[at - 1], at + 3
    while last + 1 < len(tokens) and (_UNITS.fullmatch(said[last + 1]) or said[last + 1].isdigit()):
        last += 1
    delay = " ".join(token.text for token in tokens[at + 3 : last + 1])
    yield StreamClause(tokens[position].start, tokens[last].end + 1, watermark=Watermark(column.text, delay))
