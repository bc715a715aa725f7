"""Why statements of a SQL source file would not run on open-source Spark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import sqlglot
from sqlglot.errors import SqlglotError

from goldlane.pipelines.places import Place
from goldlane.pipelines.portability.platforms import Platform
from goldlane.pipelines.portability.reasons import TEXTS, Reason
from goldlane.pipelines.sqltext import DIALECT

_OPEN = frozenset({Platform.OPEN_SOURCE})
# Spark 4.2's grammar has CREATE STREAMING TABLE, CREATE MATERIALIZED VIEW and CREATE FLOW ... AS INSERT INTO, without these.
_STATEMENTS = (
    (r"\bEXPECT\s*\(", "expectations", "expectations"),
    (r"\bAPPLY\s+CHANGES\s+INTO\b", "apply_changes", "APPLY CHANGES INTO"),
    (r"\bSCD\s+TYPE\s+2\b", "scd_type_2", "SCD type 2"),
    (r"\b(STREAMING\s+)?LIVE\s+(TABLE|VIEW)\b", "live_schema", "LIVE tables"),
    (r"\bCREATE\s+OR\s+REFRESH\b", "create_or_refresh", "CREATE OR REFRESH"),
    (r"\bTRACK\s+HISTORY\b|\bIGNORE\s+NULL\s+UPDATES\b|\bAPPLY\s+AS\s+TRUNCATE\b", "auto_cdc_options", "options of AUTO CDC"),
)


def reasons_in_sql(file: str) -> list[Reason]:
    """Every reason that a SQL file's text gives, in the order of its lines."""
    text = _without_comments(Path(file).read_text(encoding="utf-8-sig"))
    found = {(reason.place.line, reason.code): reason for reason in _reasons(text, file)}
    return sorted(found.values(), key=lambda reason: reason.place.line)


def _reasons(text: str, file: str) -> Iterator[Reason]:
    patterns = [(re.compile(pattern, re.IGNORECASE), code, what, _OPEN) for pattern, code, what in _STATEMENTS]
    for pattern, code, what, platforms in (*patterns, *TEXTS):
        for match in pattern.finditer(text):
            line = 1 + text.count("\n", 0, match.start())
            yield Reason(code=code, what=what, place=Place(file, line), platforms=platforms)


def _without_comments(text: str) -> str:
    """``text`` with blanks where a comment or a quoted text stands, line by line as it was."""
    try:
        tokens = sqlglot.tokenize(text, read=DIALECT)
    except SqlglotError:
        return text
    kept = [" " if letter != "\n" else letter for letter in text]
    for token in tokens:
        if token.token_type.name != "STRING":
            kept[token.start : token.end + 1] = text[token.start : token.end + 1]
    return "".join(kept)
