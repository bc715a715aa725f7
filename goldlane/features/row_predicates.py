"""A rule's predicate in the SQL of delta-rs, where that surely means the same as in Spark; None where only Spark may answer.

Comparisons of columns with literals, IN, BETWEEN, IS NULL, isnan, and AND, OR, NOT over them: what most rules of a gold table are.
Functions, casts, patterns, times and arithmetic differ between engines in too many corners.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import sqlglot
from sqlglot import exp

from goldlane.expectations import Rule
from goldlane.expectations.predicate import DIALECT
from goldlane.expectations.table_fit import INTEGERS, is_number

_FLOATS = frozenset({"float", "double"})
_SIGNS: dict[type[Any], str] = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
_FLOAT_EXACT = 2**24


class _NotPortable(Exception):  # noqa: N818  it is no error
    """Some part of the predicate might mean something else."""


def portable(rule: Rule, types: Mapping[str, str]) -> str | None:
    """``rule.sql`` over columns of ``types`` (as Spark names types), in the dialect of delta-rs."""
    try:
        verdict = _verdict(sqlglot.parse_one(rule.predicate, read=DIALECT, into=exp.Condition), types)
    except _NotPortable:
        return None
    return f"coalesce(({verdict}), {'true' if rule.or_null else 'false'})"


def _verdict(node: Any, types: Mapping[str, str]) -> str:
    if isinstance(node, exp.Paren):
        return f"({_verdict(node.this, types)})"
    if isinstance(node, exp.Not):
        return f"(NOT {_verdict(node.this, types)})"
    if isinstance(node, (exp.And, exp.Or)):
        word = "AND" if isinstance(node, exp.And) else "OR"
        return f"({_verdict(node.left, types)} {word} {_verdict(node.right, types)})"
    return _comparison(node, types) if type(node) in _SIGNS else _membership(node, types)


def _membership(node: Any, types: Mapping[str, str]) -> str:
    """A predicate about one column, and the values it may have."""
    if isinstance(node, exp.Between) and not node.args.get("symmetric"):
        column, kind = _column(node.this, types)
        low, high = (_literal(node.args[bound], kind) for bound in ("low", "high"))
        return f"({_value(column, kind)} BETWEEN {low} AND {high})"
    if isinstance(node, exp.In) and node.expressions and not node.args.get("query"):
        column, kind = _column(node.this, types)
        return f"({_value(column, kind)} IN ({', '.join(_literal(value, kind) for value in node.expressions)}))"
    return _alone(node, types)


def _alone(node: Any, types: Mapping[str, str]) -> str:
    """A predicate about one column and nothing else."""
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        return f"({_quoted(_column(node.this, types)[0])} IS NULL)"
    if isinstance(node, exp.IsNan):
        column, kind = _column(node.this, types)
        # Spark's isnan is false of NULL, and of numbers that are no floats.
        return f"coalesce(isnan({_quoted(column)}), false)" if kind in _FLOATS else "false" if is_number(kind) else _refuse()
    if isinstance(node, exp.Column):
        column, kind = _column(node, types)
        return _quoted(column) if kind == "boolean" else _refuse()
    return str(node.this).lower() if isinstance(node, exp.Boolean) else _refuse()


def _comparison(node: Any, types: Mapping[str, str]) -> str:
    left, right, sign = node.left, node.right, _SIGNS[type(node)]
    if not isinstance(left, exp.Column):
        left, right, sign = right, left, sign.translate(str.maketrans("<>", "><")) if sign != "<>" else sign
    column, kind = _column(left, types)
    if isinstance(right, exp.Column):
        other, other_kind = _column(right, types)
        return f"({_value(column, kind)} {sign} {_value(other, kind)})" if kind == other_kind else _refuse()
    return f"({_value(column, kind)} {sign} {_literal(right, kind)})"


def _column(node: Any, types: Mapping[str, str]) -> tuple[str, str]:
    if not isinstance(node, exp.Column) or node.table:
        return _refuse()
    # Spark finds columns in any case; delta-rs wants the one they were written in.
    found = [name for name in types if name.lower() == node.name.lower()]
    return (found[0], types[found[0]]) if len(found) == 1 else _refuse()


def _value(column: str, kind: str) -> str:
    """The column, compared as Spark compares: every NaN is the same one, and above all numbers."""
    name = _quoted(column)
    return f"(CASE WHEN isnan({name}) THEN CAST('NaN' AS DOUBLE) ELSE CAST({name} AS DOUBLE) END)" if kind in _FLOATS else name


def _literal(node: Any, kind: str) -> str:
    if isinstance(node, exp.Boolean) and kind == "boolean":
        return str(node.this).lower()
    sign = ""
    if isinstance(node, exp.Neg):
        node, sign = node.this, "-"
    if not isinstance(node, exp.Literal):
        return _refuse()
    if node.is_string:
        return "'" + str(node.this).replace("'", "''") + "'" if kind == "string" and not sign else _refuse()
    return _number(f"{sign}{node.this}", kind)


def _number(text: str, kind: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:  # a suffix, as in 1.5D
        return _refuse()
    _, digits, exponent = number.as_tuple()
    scale = -int(exponent)
    if kind in _FLOATS:
        exact = kind == "double" or scale > 0 or abs(number) <= _FLOAT_EXACT
        return f"CAST('{text}' AS DOUBLE)" if exact else _refuse()
    if kind not in INTEGERS and not kind.startswith("decimal"):
        return _refuse()
    return text if scale == 0 and kind in INTEGERS else _decimal(text, max(len(digits), scale), scale)


def _decimal(text: str, precision: int, scale: int) -> str:
    # Beyond this, the common type of column and literal would have to round.
    return f"CAST('{text}' AS DECIMAL({precision}, {scale}))" if scale >= 0 and precision <= 18 else _refuse()  # noqa: PLR2004  see above


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _refuse() -> NoReturn:
    raise _NotPortable
