"""Python values and column names as SQL text that means the same in Spark and on Databricks."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import sqlglot
from sqlglot.tokenizer_core import TokenType

from goldlane.expectations.predicate import DIALECT
from goldlane.expectations.rule import RuleError

_PART = re.compile(r"`(?:[^`]|``)+`|[^.`]+")


def column_sql(column: str) -> str:
    """``a``, ``a.b`` (a field of a struct) or a part in backticks, quoted where SQL needs it."""
    return ".".join(part if _is_plain(part) else quoted_name(part) for part in _parts(column))


def quoted_name(name: str) -> str:
    """``name``, dots and all, as one part of an SQL name."""
    return f"`{name.replace('`', '``')}`"


def plain_name(column: str) -> str:
    """``column`` as the beginning of a rule's name."""
    text = "_".join(re.sub(r"\W+", "_", part).strip("_") for part in _parts(column))
    return text if text.isidentifier() else f"column_{text}"


def literal_sql(value: Any) -> str:
    """``value`` as a literal.

    Raises:
        RuleError: NULL, NaN, or a type that has no literal.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    if isinstance(value, (int, float, Decimal)):
        return _number_sql(value)
    if isinstance(value, datetime):
        return _timestamp_sql(value)
    if isinstance(value, date):
        return f"DATE'{value.isoformat()}'"
    hint = "NULL is spelled or_null=True" if value is None else "use text, bool, int, float, Decimal, date or datetime"
    raise RuleError(f"the value {value!r}", [f"cannot be compared with; {hint}"])


def _number_sql(value: float | Decimal) -> str:
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        raise RuleError("the value NaN", ["cannot be compared with; use isnan(column)"])
    if math.isinf(value):
        return f"CAST('{'-' if value < 0 else ''}Infinity' AS DOUBLE)"
    return format(value, "f") if isinstance(value, Decimal) else repr(value)


def _timestamp_sql(value: datetime) -> str:
    if value.tzinfo is None:
        return f"TIMESTAMP_NTZ'{value.isoformat(sep=' ')}'"
    return f"TIMESTAMP'{value.astimezone(timezone.utc).replace(tzinfo=None).isoformat(sep=' ')}Z'"


def _parts(column: str) -> list[str]:
    parts = _PART.findall(column)
    if not parts or ".".join(parts) != column:
        raise RuleError(f"the column {column!r}", ["is not a name, or names joined by dots; put other characters in backticks"])
    return [part[1:-1].replace("``", "`") if part.startswith("`") else part for part in parts]


def _is_plain(part: str) -> bool:
    if not re.fullmatch(r"[A-Za-z_]\w*", part, flags=re.ASCII):
        return False
    # A keyword (date, order, null) is a token of its own.
    return bool(sqlglot.tokenize(part, read=DIALECT)[0].token_type is TokenType.VAR)
