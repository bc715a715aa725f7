"""``${key}`` in SQL text: found outside of comments, and replaced before anything else is read from the text."""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlglot
from sqlglot.errors import SqlglotError

_VARIABLE = re.compile(r"\$\{\s*([\w.\-]+)\s*\}")

# Answers a key's value, None when it has none.
Values = Callable[[str], "str | None"]


def variables_in(text: str) -> list[re.Match[str]]:
    """The places of ``${key}`` in ``text``; the first group is the key."""
    if "${" not in text:
        return []
    try:
        code = [(token.start, token.end) for token in sqlglot.tokenize(text, read="databricks")]
    except SqlglotError:
        return list(_VARIABLE.finditer(text))
    return [found for found in _VARIABLE.finditer(text) if any(start <= found.start() <= end for start, end in code)]


def substitute(text: str, values: Values) -> str:
    """``text`` with each variable replaced that has a value; Spark will say what it thinks of the others."""
    for found in reversed(variables_in(text)):
        value = values(found.group(1))
        if value is not None:
            text = text[: found.start()] + value + text[found.end() :]
    return text
