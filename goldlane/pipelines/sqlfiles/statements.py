"""A SQL file or Databricks SQL notebook as statements, each with its place in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from goldlane.pipelines.sqlfiles.cursor import Cursor
from goldlane.pipelines.sqlfiles.errors import SqlSourceError
from goldlane.pipelines.sqlfiles.words import Word, words_of

# Whatever else a notebook holds (its first line, MAGIC, DBTITLE) is a comment to SQL, and to pipelines.
_CELL = re.compile(r"^--\s*COMMAND\s*-{3,}\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement without its semicolon; ``line`` is the file's line on which it begins."""

    text: str
    line: int

    def cursor(self) -> Cursor:
        """Its words, from the first."""
        return Cursor(self.text, words_of(self.text, self.line), self.line)


def statements_of(text: str) -> tuple[list[Statement], list[SqlSourceError]]:
    """The statements of a file, and what kept cells of it from being read."""
    statements: list[Statement] = []
    errors: list[SqlSourceError] = []
    for cell, line in _cells(text):
        try:
            statements += _statements(cell, line)
        except SqlSourceError as error:
            errors.append(error)
    return statements, errors


def _cells(text: str) -> Iterator[tuple[str, int]]:
    """A notebook's cells, which end the statements in them; another file is one cell."""
    start = 0
    for separator in _CELL.finditer(text):
        yield text[start : separator.start()], 1 + text.count("\n", 0, start)
        start = separator.end()
    yield text[start:], 1 + text.count("\n", 0, start)


def _statements(cell: str, line: int) -> Iterator[Statement]:
    inside: list[Word] = []
    for word in words_of(cell, line):
        if not word.says(";"):
            inside.append(word)
        elif inside:
            yield _statement(cell, inside)
            inside = []
    if inside:
        yield _statement(cell, inside)


def _statement(cell: str, words: list[Word]) -> Statement:
    return Statement(cell[words[0].start : words[-1].end], words[0].line)
