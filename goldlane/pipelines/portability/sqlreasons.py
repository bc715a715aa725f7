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
# What the grammar of Spark 4.2 lacks; a test asks its parser.
_STATEMENTS = (
    (r"\bEXPECT\s*\(", "expectations", "expectations"),
    (r"\bAPPLY\s+CHANGES\s+INTO\b", "apply_changes", "APPLY CHANGES INTO"),
    (r"\bAUTO\s+CDC\b", "auto_cdc_in_sql", "AUTO CDC in SQL"),
    (r"\bCREATE\s+(OR\s+REFRESH\s+)?((STREAMING|TEMPORARY)\s+)?LIVE\s+(TABLE|VIEW)\b", "live_schema", "LIVE tables"),
    (r"\bOR\s+REFRESH\b", "create_or_refresh", "CREATE OR REFRESH"),
    (r"\bPRIVATE\b", "keywords", "PRIVATE"),
    (r"\bCLUSTER\s+BY\s+AUTO\b", "keywords", "CLUSTER BY AUTO"),
    (r"\bINSERT\s+INTO\s+ONCE\b", "flow_types", "flows that run ONCE"),
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
