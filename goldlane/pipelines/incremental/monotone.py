"""Expressions that never fall when the one column in them rises: days, hours, tiles of a time. Files can be chosen by them."""

from __future__ import annotations

from typing import Any

from goldlane.pipelines.incremental.plans import each, kind

COLUMN_TYPES = frozenset({"timestamp", "date", "bigint", "int", "smallint", "tinyint"})
TIME_TYPES = frozenset({"timestamp", "date"})
_WIDTH = {"tinyint": 1, "smallint": 2, "int": 3, "bigint": 4}
_OF_CHILD = frozenset(
    {
        "Alias",
        "Ceil",
        "Floor",
        "KnownNullable",
        "MicrosToTimestamp",
        "MillisToTimestamp",
        "PreciseTimestampConversion",
        "SecondsToTimestamp",
        "TruncDate",
        "TruncTimestamp",
        "UnaryPositive",
        "UnixDate",
        "UnixMicros",
        "UnixMillis",
        "UnixSeconds",
        "DateFromUnixDate",
        "Year",
    }
)
_BY_CONSTANT = frozenset({"Add", "DateAdd", "DateSub", "Subtract", "TimestampAddInterval"})
_BY_POSITIVE = frozenset({"Divide", "IntegralDivide", "Multiply"})
_REMAINDERS = frozenset({"Pmod", "Remainder"})


def rising_column(expression: Any) -> Any | None:
    """The only column of ``expression``, in which it never falls; None when that is not known."""
    name = kind(expression)
    if name == "AttributeReference":
        return expression if expression.dataType().simpleString() in COLUMN_TYPES else None
    only = _only_part(expression, name)
    return rising_column(only) if only is not None else _of_two(expression, name)


def _only_part(expression: Any, name: str) -> Any | None:
    """The part of ``expression`` with which it rises, where that is the only one that is no constant."""
    if name.startswith("ParseTo"):
        return expression.replacement()
    if name == "GetStructField" and kind(expression.child()) == "CreateNamedStruct":
        return expression.child().valExprs().apply(expression.ordinal())
    if name == "CreateNamedStruct":
        # Structs are compared by their first field first.
        return expression.valExprs().apply(0)
    if name == "Cast":
        return expression.child() if _keeps_order(expression) else None
    moving = [one for one in each(expression.children()) if not one.foldable()] if name in _OF_CHILD else []
    return moving[0] if len(moving) == 1 else None


def _of_two(expression: Any, name: str) -> Any | None:
    parts = each(expression.children())
    if len(parts) < 2:  # noqa: PLR2004  two
        return None
    if name == "Subtract" and _is_remainder(parts[1], parts[0], negated=False):
        return rising_column(parts[0])
    if name == "Add" and _is_remainder(parts[1], parts[0], negated=True):
        return rising_column(parts[0])
    moved = parts[1].foldable() and (name in _BY_CONSTANT or (name in _BY_POSITIVE and _is_positive(parts[1])))
    return rising_column(parts[0]) if moved else None


def _is_remainder(expression: Any, of: Any, *, negated: bool) -> bool:
    """Whether ``expression`` is what is left of ``of`` over full steps of one positive constant, or lacks to the next (``negated``)."""
    if kind(expression) == "CaseWhen":
        # What Spark makes of window(): the remainder, plus a step where that is below zero.
        otherwise = expression.elseValue()
        return not otherwise.isEmpty() and _is_remainder(otherwise.get(), of, negated=negated)
    if kind(expression) not in _REMAINDERS or not expression.right().foldable() or not _is_positive(expression.right()):
        return False
    left = expression.left()
    if negated:
        return kind(expression) == "Pmod" and kind(left) == "UnaryMinus" and bool(left.child().semanticEquals(of))
    return bool(left.semanticEquals(of)) or (kind(left) == "Subtract" and left.left().semanticEquals(of) and left.right().foldable())


def _is_positive(expression: Any) -> bool:
    value = expression.eval(None)
    return bool(float(str(value)) > 0)


def _keeps_order(cast: Any) -> bool:
    """Casts that neither wrap around nor compare otherwise; the length of a day decides nothing here."""
    before, after = cast.child().dataType().simpleString(), cast.dataType().simpleString()
    if before == after or before in TIME_TYPES:
        return after in {"timestamp", "date", "bigint"}
    wider = _WIDTH.get(before, 9) <= _WIDTH.get(after, 0)
    return wider or after in {"double", "timestamp"} or after.startswith("decimal")
