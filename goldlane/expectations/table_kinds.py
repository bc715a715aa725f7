"""The kinds of table rules, as functions that return them. All take ``name``, ``action`` (fail unless said otherwise) and ``why``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from goldlane.expectations.literal import plain_name
from goldlane.expectations.rule import RuleError
from goldlane.expectations.table_rule import ForeignKey, FreshWithin, Kind, Number, RowCountBetween, SumBetween, TableRule, Unique


def unique(*columns: str, **rule: Any) -> TableRule:
    """No two rows have the same ``columns``; a row with a NULL among them equals no other, as in SQL."""
    return _rule(f"{_joined(columns)}_is_unique", Unique(columns=columns), rule)


def primary_key(*columns: str, **rule: Any) -> TableRule:
    """``unique``, and none of ``columns`` is NULL."""
    return _rule(f"{_joined(columns)}_is_the_key", Unique(columns=columns, not_null=True), rule)


def foreign_key(columns: str | Sequence[str], to: str, to_columns: str | Sequence[str] | None = None, **rule: Any) -> TableRule:
    """Every row's ``columns`` are found in table ``to``, under the same names or as ``to_columns``; a row with a NULL refers to nothing."""
    own = _several(columns)
    kind = ForeignKey(columns=own, to=to, to_columns=own if to_columns is None else _several(to_columns))
    return _rule(f"{_joined(own)}_is_in_{to.replace('.', '_')}", kind, rule)


def fresh_within(column: str, interval: timedelta, **rule: Any) -> TableRule:
    """The newest ``column`` is at most ``interval`` old; an empty table is not fresh."""
    return _rule(f"{_joined([column])}_is_fresh", FreshWithin(column=column, interval=interval), rule)


def row_count_between(low: int | None = None, high: int | None = None, **rule: Any) -> TableRule:
    """The table has ``low`` to ``high`` rows, both included; at least one of them."""
    return _rule("row_count_is_in_range", RowCountBetween(low=low, high=high), rule)


def sum_between(column: str, low: Number | None = None, high: Number | None = None, **rule: Any) -> TableRule:
    """The sum of ``column`` is ``low`` to ``high``, both included, at least one given. The sum of an empty table is NULL, and breaks it."""
    return _rule(f"sum_of_{_joined([column])}_is_in_range", SumBetween(column=column, low=low, high=high), rule)


def _several(columns: str | Sequence[str]) -> tuple[str, ...]:
    return (columns,) if isinstance(columns, str) else tuple(columns)


def _joined(columns: Sequence[Any]) -> str:
    """The columns as the beginning of a name; what is no column is told by the rule itself."""
    try:
        return "_and_".join(plain_name(column) for column in columns) or "no_column"
    except (RuleError, TypeError):
        return "column"


def _rule(name: str, kind: Kind, given: dict[str, Any]) -> TableRule:
    return TableRule(**{"name": name, "kind": kind, **{key: value for key, value in given.items() if value is not None}})
