"""The words of SQL text with their places, from sqlglot's tokens: what Databricks' own clauses are read from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

import sqlglot
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import TokenType

from goldlane.errors import first_line
from goldlane.pipelines.sqlfiles.errors import SqlSourceError

_STRINGS = {TokenType.STRING, TokenType.RAW_STRING, TokenType.NATIONAL_STRING}
_FROM_LINE = re.compile(r"from (?:line )?(\d+)")


class Kind(Enum):
    """How a word is written."""

    PLAIN = "plain"
    QUOTED = "quoted"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class Word:
    """A keyword, a name, a literal or a sign; ``text`` is without quotes, ``start`` and ``end`` are its span with them."""

    text: str
    kind: Kind
    start: int
    end: int
    line: int

    def says(self, keyword: str) -> bool:
        """Whether it is ``keyword``, in any case, and not in quotes."""
        return self.kind is Kind.PLAIN and self.text.upper() == keyword


def words_of(text: str, line: int = 1) -> list[Word]:
    """The words of ``text``, whose first line is the file's ``line``; comments are none.

    Raises:
        SqlSourceError: a quotation or a comment is never closed.
    """
    try:
        tokens = sqlglot.tokenize(text, read="databricks")
    except TokenError as error:
        reason = first_line(error.__cause__ or error)
        found = _FROM_LINE.search(reason)
        raise SqlSourceError(
            f"not SQL: {reason}", hint="close every quotation and comment", line=line + int(found.group(1)) - 1 if found else line
        ) from None
    return [word for token in tokens for word in _words(token, text, line)]


def _words(token: Any, text: str, line: int) -> list[Word]:
    """One word for most tokens; sqlglot makes one token of some pairs, such as ``PARTITIONED BY``."""
    end = token.end + 1
    at = line + text.count("\n", 0, token.start)
    if token.token_type in _STRINGS:
        return [Word(token.text, Kind.STRING, token.start, end, at)]
    if token.token_type is TokenType.IDENTIFIER:
        return [Word(token.text, Kind.QUOTED, token.start, end, at)]
    parts = list(re.finditer(r"\S+", text[token.start : end]))
    return [Word(part.group(), Kind.PLAIN, token.start + part.start(), token.start + part.end(), at) for part in parts]
