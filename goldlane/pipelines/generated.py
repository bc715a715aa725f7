"""Columns that the table computes itself: ``GENERATED ALWAYS AS (...)`` and identity columns of a ``schema=``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goldlane.pipelines.errors import DefinitionError

if TYPE_CHECKING:
    from delta.tables import DeltaTableBuilder
    from pyspark.sql.types import StructField

_HEAD = re.compile(r"\s+GENERATED\s+(ALWAYS|BY\s+DEFAULT)\s+AS\s+(IDENTITY\b\s*|(?=\())", re.IGNORECASE)
_START = re.compile(r"START\s+WITH\s+(-?\d+)", re.IGNORECASE)
_STEP = re.compile(r"INCREMENT\s+BY\s+(-?\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """How Delta fills a column: by an expression over its row, or, without one, by counting up."""

    expression: str | None = None
    always: bool = True
    start: int = 1
    step: int = 1

    def add_to(self, builder: DeltaTableBuilder, field: StructField) -> DeltaTableBuilder:
        """Give a table that is being made this column."""
        from delta.tables import IdentityGenerator

        how = self.expression or IdentityGenerator(self.start, self.step)
        comment = field.metadata.get("comment")
        kind = {"generatedAlwaysAs": how} if self.always else {"generatedByDefaultAs": how}
        return builder.addColumn(field.name, field.dataType, nullable=field.nullable, comment=comment, **kind)  # type: ignore[arg-type]  # the stub knows no union


def split_generation(column: str) -> tuple[str, Generation | None]:
    """A column of a ``schema=`` without its generation clause, and that clause.

    Raises:
        DefinitionError: its parentheses do not close.
    """
    found = _HEAD.search(column)
    if found is None:
        return column, None
    inside, rest = _parenthesized(column[found.end() :])
    always = found.group(1).upper() == "ALWAYS"
    if found.group(2):
        start, step = _START.search(inside), _STEP.search(inside)
        generation = Generation(always=always, start=int(start.group(1)) if start else 1, step=int(step.group(1)) if step else 1)
    else:
        generation = Generation(expression=inside)
    return column[: found.start()] + rest, generation


def _parenthesized(text: str) -> tuple[str, str]:
    """What stands in the parentheses that ``text`` begins with, and what follows them."""
    if not text.startswith("("):
        return "", text
    depth, quote = 0, ""
    for position, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"`":
            quote = letter
        else:
            depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return text[1:position], text[position + 1 :]
    raise DefinitionError(f"schema=: the parentheses of GENERATED ALWAYS AS {text} do not close")
