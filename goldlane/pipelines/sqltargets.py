"""The tables that SQL statements write to, found with sqlglot and replaced where they stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from sqlglot import exp

from goldlane.pipelines.sqltext import statements

_QUALIFIES = (exp.Merge, exp.Update, exp.Delete)
_WRITES = (*_QUALIFIES, exp.Insert, exp.Create)

_PART = r"(?:`[^`]+`|\w+)"
# Delta's own statements about one table, which sqlglot hands on unread.
_TENDS = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/)*"
    r"(?:OPTIMIZE|VACUUM|DESC(?:RIBE)?\s+(?:HISTORY|DETAIL)|ALTER\s+TABLE|RESTORE(?:\s+TABLE)?|REORG\s+TABLE)\s+"
    rf"(?!\w+\.`/)(?P<name>{_PART}(?:\.{_PART}){{0,2}})(?!\s*\.)",
    re.IGNORECASE | re.DOTALL,
)


def replace_targets(text: str, replacement: Callable[[str], str | None]) -> str:
    """``text`` with the tables it writes to, tends or describes replaced, except where ``replacement`` answers None.

    Columns keep their qualifiers. Text that does not parse is left as it is: Spark will say what is wrong with it.
    """
    tended = _TENDS.match(text)
    if tended:
        new = replacement(tended["name"])
        return text if new is None else text[: tended.start("name")] + new + text[tended.end("name") :]
    writing = [statement for statement in statements(text) or () if isinstance(statement, _WRITES)]
    for start, end, alias in sorted(_spans(writing), reverse=True):
        new = replacement(text[start:end])
        if new is not None:
            text = text[:start] + new + (f" AS {alias}" if alias else "") + text[end:]
    return text


def _spans(statements: Sequence[exp.Expr]) -> Iterator[tuple[int, int, str]]:
    for statement in statements:
        table = statement.this.this if isinstance(statement.this, exp.Schema) else statement.this
        if not isinstance(table, exp.Table) or (isinstance(statement, exp.Create) and statement.kind != "TABLE"):
            continue
        parts = [part for part in table.parts if isinstance(part, exp.Identifier) and "start" in part.meta]
        if len(parts) != len(table.parts) or parts[-1].name.startswith("/"):
            continue
        alias = parts[-1].name if isinstance(statement, _QUALIFIES) and not table.alias else ""
        yield parts[0].meta["start"], parts[-1].meta["end"] + 1, alias
