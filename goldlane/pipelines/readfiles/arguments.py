"""The arguments of a call in SQL text, as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from goldlane.errors import first_line
from goldlane.pipelines.errors import PipelineError
from goldlane.sqlcalls import Argument, TableCall

# Answers a constant expression: Spark does.
Evaluate = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Arguments:
    """``positional`` values, and ``named`` ones by their names in lower case."""

    positional: tuple[Any, ...]
    named: dict[str, Any]


def arguments_of(call: TableCall, evaluate: Evaluate) -> Arguments:
    """The values of a call; literals are read here, other constant expressions are evaluated.

    Raises:
        PipelineError: an argument that is no constant; all of them at once.
    """
    values, mistakes = [], []
    for argument in call.arguments:
        try:
            values.append((_name(argument), _value(argument.value, evaluate)))
        except Exception as error:  # noqa: BLE001  Spark raises its own; told with the argument
            mistakes.append(f"{argument.value!r} is no constant: {first_line(error)}")
    if mistakes:
        raise PipelineError(f"{call.function}: {'; '.join(mistakes)}", hint="name => 'value', texts in quotes")
    return Arguments(tuple(value for name, value in values if name is None), {name: value for name, value in values if name is not None})


def as_text(value: Any) -> str:
    """A value as an option's text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _name(argument: Argument) -> str | None:
    return argument.name.strip("`") if argument.name is not None else None


def _value(text: str, evaluate: Evaluate) -> Any:
    try:
        found = sqlglot.parse_one(text, dialect="databricks")
    except SqlglotError:
        return evaluate(text)
    if isinstance(found, exp.Boolean):
        return found.this
    return found.this if isinstance(found, exp.Literal) else evaluate(text)
