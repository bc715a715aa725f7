"""Tables in SQL text that sqlglot does not parse, found by the words before them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

_WORD = re.compile(r"\w+")
_BEFORE = {TokenType.FROM, TokenType.JOIN}
# What may stand behind a table and is no alias of it.
_GOES_ON = re.compile(
    "WHERE|GROUP|ORDER|SORT|CLUSTER|DISTRIBUTE|HAVING|LIMIT|QUALIFY|WINDOW|UNION|EXCEPT|INTERSECT|MINUS|ON|USING|JOIN|LEFT|RIGHT|FULL|INNER|"
    "CROSS|SEMI|ANTI|NATURAL|LATERAL|PIVOT|UNPIVOT|TABLESAMPLE|VERSION|TIMESTAMP|FOR|WITH|WATERMARK|SELECT"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A table's name: the span of its parts, the last of them as it is written, and whether what follows names it anew."""

    start: int
    end: int
    last: str
    named: bool


def scanned_tables(text: str) -> Iterator[Found]:
    """The names behind FROM and JOIN that are no calls and that no WITH clause defines."""
    try:
        tokens = sqlglot.tokenize(text, read="databricks")
    except SqlglotError:
        return
    defined = {one.text.lower() for one, word, opening in zip(tokens, tokens[1:], tokens[2:], strict=False) if _defines(word, opening)}
    for position, token in enumerate(tokens[:-1]):
        if token.token_type in _BEFORE:
            yield from _tables(text, tokens, position + 1, defined)


def _defines(word: Any, opening: Any) -> bool:
    return word.text.upper() == "AS" and opening.token_type is TokenType.L_PAREN


def _tables(text: str, tokens: Sequence[Any], position: int, defined: set[str]) -> Iterator[Found]:
    """The table at ``position``, and those behind commas."""
    opened = 0
    if tokens[position].text.upper() == "STREAM" and position + 1 < len(tokens):
        opened = tokens[position + 1].token_type is TokenType.L_PAREN
        position += 1 + opened
    last = position
    while last + 2 < len(tokens) and tokens[last + 1].token_type is TokenType.DOT:
        last += 2
    follows = [token.text.upper() for token in tokens[last + 1 : last + 4]]
    if position >= len(tokens) or not _is_name(tokens[position]) or follows[:1] == ["("]:
        return
    follows = follows[opened:]
    alias = 2 if follows[:1] == ["AS"] else int(bool(follows) and _is_alias(follows[0]))
    if last > position or tokens[position].text.lower() not in defined:
        end = tokens[last].end + 1
        yield Found(tokens[position].start, end, text[tokens[last].start : end], named=bool(alias))
    comma = last + 1 + opened + alias
    if comma + 1 < len(tokens) and tokens[comma].token_type is TokenType.COMMA:
        yield from _tables(text, tokens, comma + 1, defined)


def _is_alias(word: str) -> bool:
    # Some tokens are several words, such as GROUP BY.
    return bool(_WORD.fullmatch(word)) and not _GOES_ON.fullmatch(word)


def _is_name(token: Any) -> bool:
    return token.token_type is TokenType.IDENTIFIER or (token.token_type is not TokenType.STRING and bool(_WORD.fullmatch(token.text)))
