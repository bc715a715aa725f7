"""Expressions of a plan: other columns put in, and whether one is decided by others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.incremental.plans import SUBQUERIES, each, kind, number, sequence_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_MOST_NODES = 80
_NO_FUNCTIONS_OF_A_ROW = SUBQUERIES | {"AggregateExpression", "WindowExpression", "OuterReference", "PythonUDF", "ScalaUDF"}


class UntracedError(Exception):
    """A column cannot be followed further down: ``operator`` decides about it otherwise."""

    def __init__(self, operator: str, expression: str = "", subtype: str = "OPERATOR_NOT_SUPPORTED") -> None:
        super().__init__(operator)
        self.operator, self.expression, self.subtype = operator, expression, subtype


def substituted(session: SparkSession, expression: Any, values: Mapping[int, Any]) -> Any:
    """``expression`` with its attributes, by number, replaced.

    Raises:
        UntracedError: an attribute has no value, or the result is no function of a row, or too long to be worth it.
    """
    found = _substituted(session, expression, values)
    if _size(found) > _MOST_NODES:
        raise UntracedError("Project", kind(found))
    return found


def defined(session: SparkSession, expression: Any, definitions: Any) -> Any:
    """``expression`` in the columns that ``definitions``, a Scala sequence of named expressions, are made of.

    Raises:
        UntracedError: as ``substituted``.
    """
    return substituted(session, expression, {number(one): one.child() if kind(one) == "Alias" else one for one in each(definitions)})


def is_function_of(expression: Any, given: Sequence[Any]) -> bool:
    """Whether equal values of ``given`` make equal values of ``expression``."""
    if any(expression.semanticEquals(one) for one in given):
        return True
    if kind(expression) in _NO_FUNCTIONS_OF_A_ROW:
        return False
    below = each(expression.children())
    return all(is_function_of(child, given) for child in below) if below else kind(expression) == "Literal"


def conjuncts(condition: Any) -> list[Any]:
    """The terms of ``a AND b AND ...``."""
    if kind(condition) != "And":
        return [condition]
    return [*conjuncts(condition.left()), *conjuncts(condition.right())]


def _substituted(session: SparkSession, expression: Any, values: Mapping[int, Any]) -> Any:
    name = kind(expression)
    if name in _NO_FUNCTIONS_OF_A_ROW:
        raise UntracedError(name, name)
    if name == "AttributeReference":
        if number(expression) not in values:
            raise UntracedError("Project", str(expression.name()))
        return values[number(expression)]
    below = each(expression.children())
    if not below:
        return expression
    return expression.withNewChildren(sequence_of(session, [_substituted(session, child, values) for child in below]))


def _size(expression: Any) -> int:
    total, waiting = 0, [expression]
    while waiting and total <= _MOST_NODES:
        total += 1
        waiting += each(waiting.pop().children())
    return total
