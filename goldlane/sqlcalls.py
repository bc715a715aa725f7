"""Calls of table functions inside SQL text: found in its tokens, replaced where they stand, everything else left as it was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import sqlglot
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

_OPENING = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE}
_CLOSING = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE}


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument as it was written: ``value`` of ``name => value``, ``name`` in lower case; a positional one has no name."""

    value: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class TableCall:
    """A call such as ``STREAM read_files('/landing', format => 'json')``; the span to replace includes STREAM and its parentheses."""

    function: str
    arguments: tuple[Argument, ...]
    start: int
    end: int
    streams: bool


def replace_calls(text: str, functions: Mapping[str, Callable[[TableCall], str]]) -> str:
    """``text`` with each call of one of ``functions`` (names in lower case) replaced by what the function answers."""
    for call in reversed(table_calls(text, functions)):
        text = text[: call.start] + functions[call.function](call) + text[call.end :]
    return text


def table_calls(text: str, functions: Mapping[str, object]) -> list[TableCall]:
    """The calls of ``functions`` in the order of ``text``. Text that has no tokens has no calls: Spark will say what is wrong with it."""
    if not any(name in text.lower() for name in functions):
        return []
    try:
        tokens = sqlglot.tokenize(text, read="databricks")
    except SqlglotError:
        return []
    return [_call(text, tokens, position) for position in _positions(tokens, functions)]


def _positions(tokens: Sequence[Any], functions: Mapping[str, object]) -> Iterator[int]:
    for position, (name, opening) in enumerate(pairwise(tokens)):
        called = opening.token_type is TokenType.L_PAREN and name.token_type not in {TokenType.STRING, TokenType.IDENTIFIER}
        if called and name.text.lower() in functions and not _is_qualified(tokens, position):
            yield position


def _is_qualified(tokens: Sequence[Any], position: int) -> bool:
    return position > 0 and tokens[position - 1].token_type is TokenType.DOT


def _call(text: str, tokens: Sequence[Any], position: int) -> TableCall:
    last = closing(tokens, position + 1)
    arguments = tuple(_argument(text, part) for part in parts(tokens[position + 2 : last]))
    start, end = tokens[position].start, tokens[min(last, len(tokens) - 1)].end + 1
    before = [token.text.upper() for token in tokens[max(0, position - 2) : position]]
    if before[-1:] == ["STREAM"]:
        return TableCall(tokens[position].text.lower(), arguments, tokens[position - 1].start, end, streams=True)
    if before == ["STREAM", "("] and last + 1 < len(tokens):
        return TableCall(tokens[position].text.lower(), arguments, tokens[position - 2].start, tokens[last + 1].end + 1, streams=True)
    return TableCall(tokens[position].text.lower(), arguments, start, end, streams=False)


def closing(tokens: Sequence[Any], opening: int) -> int:
    """The position of the token that closes what the one at ``opening`` opens; the end where none does."""
    depth = 0
    for position in range(opening, len(tokens)):
        depth += (tokens[position].token_type in _OPENING) - (tokens[position].token_type in _CLOSING)
        if depth == 0:
            return position
    return len(tokens)


def parts(tokens: Sequence[Any]) -> Iterator[list[Any]]:
    """The tokens between commas that stand in no parentheses of their own."""
    part: list[Any] = []
    depth = 0
    for token in tokens:
        depth += (token.token_type in _OPENING) - (token.token_type in _CLOSING)
        if token.token_type is TokenType.COMMA and depth == 0:
            yield part
            part = []
        else:
            part.append(token)
    if part:
        yield part


def _argument(text: str, part: Sequence[Any]) -> Argument:
    named = len(part) > 2 and part[1].text == "=>"  # noqa: PLR2004  name, arrow and a value
    value = part[2:] if named else part
    return Argument(text[value[0].start : value[-1].end + 1] if value else "", part[0].text.lower() if named else None)
