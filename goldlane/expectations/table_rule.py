"""A rule about a whole table, which no single row can answer, as data."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeAlias, get_args

from goldlane.expectations.rule import Action, RuleError, name_mistakes

Number: TypeAlias = "int | float | Decimal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unique:
    """No two rows have the same ``columns``. With a NULL among them it equals no other, as in SQL; ``not_null`` makes it break the rule."""

    columns: tuple[str, ...]
    not_null: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """Every row's ``columns`` are the ``to_columns`` of a row of ``to``. One with a NULL refers to nothing and passes, as in SQL."""

    columns: tuple[str, ...]
    to: str
    to_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshWithin:
    """The newest ``column`` is at most ``interval`` old, to the instant; a table without one is not fresh. Dates begin at midnight UTC."""

    column: str
    interval: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCountBetween:
    """The table has ``low`` to ``high`` rows, both included; None is no limit."""

    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SumBetween:
    """The sum of ``column``, NULLs left out, is ``low`` to ``high``, both included. NaN and the sum of nothing, NULL, lie nowhere."""

    column: str
    low: Number | None = None
    high: Number | None = None


Kind: TypeAlias = Unique | ForeignKey | FreshWithin | RowCountBetween | SumBetween


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRule:
    """A named rule about a whole table: what ``kind`` says. ``unique``, ``foreign_key`` and so on make them.

    FAIL keeps a table that breaks it from being published; WARN tells. There is no DROP: no row of it could be said to be the wrong one.

    Raises:
        RuleError: all mistakes at once.
    """

    name: str
    kind: Kind
    action: Action = Action.FAIL
    why: str = ""

    def __post_init__(self) -> None:
        mistakes = [*name_mistakes(self.name, example="keys_are_unique"), *_action_mistakes(self.action), *_kind_mistakes(self.kind)]
        if mistakes:
            raise RuleError(f"table rule {self.name!r} ({self.kind!r})", mistakes)
        object.__setattr__(self, "action", Action(self.action))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table itself that the rule reads; none for a count of rows."""
        if isinstance(self.kind, (Unique, ForeignKey)):
            return self.kind.columns
        return () if isinstance(self.kind, RowCountBetween) else (self.kind.column,)

    @property
    def tables(self) -> tuple[str, ...]:
        """The other tables that the rule reads."""
        return (self.kind.to,) if isinstance(self.kind, ForeignKey) else ()


def _action_mistakes(action: object) -> Iterator[str]:
    if action == Action.DROP:
        yield "a table has no row to drop; the action is warn or fail"
    elif action not in set(Action):
        yield f"unknown action {action!r}; it is warn or fail"


def _kind_mistakes(kind: object) -> Iterator[str]:
    if isinstance(kind, (Unique, ForeignKey)):
        yield from _column_mistakes(*kind.columns)
        yield from () if kind.columns else ("name at least one column",)
    if isinstance(kind, (FreshWithin, SumBetween)):
        yield from _column_mistakes(kind.column)
    if isinstance(kind, ForeignKey):
        yield from _reference_mistakes(kind)
    elif isinstance(kind, FreshWithin):
        if not isinstance(kind.interval, timedelta) or kind.interval <= timedelta(0):
            yield f"the interval must be a timedelta longer than 0, not {kind.interval!r}"
    elif isinstance(kind, (RowCountBetween, SumBetween)):
        yield from _bound_mistakes(kind)
    elif not isinstance(kind, Unique):
        yield f"unknown kind {kind!r}; it is one of {', '.join(known.__name__ for known in get_args(Kind))}"


def _column_mistakes(*columns: object) -> Iterator[str]:
    for column in columns:
        if not isinstance(column, str) or not column or any(sign in column for sign in '.`"{}'):
            yield f'{column!r} is no column of the table: neither fields of structs nor the signs . ` " {{ }} can be asked for'
    yield from (f"column {column!r} is named twice" for column in dict.fromkeys(columns) if columns.count(column) > 1)


def _reference_mistakes(kind: ForeignKey) -> Iterator[str]:
    yield from _column_mistakes(*kind.to_columns)
    if not isinstance(kind.to, str) or not kind.to:
        yield f"to must be the name of a table, not {kind.to!r}"
    if len(kind.columns) != len(kind.to_columns):
        yield f"{len(kind.columns)} columns cannot refer to {len(kind.to_columns)}"


def _bound_mistakes(kind: RowCountBetween | SumBetween) -> Iterator[str]:
    bounds: list[Any] = [bound for bound in (kind.low, kind.high) if bound is not None]
    allowed = int if isinstance(kind, RowCountBetween) else (int, float, Decimal)
    wrong = [bound for bound in bounds if not isinstance(bound, allowed) or isinstance(bound, bool) or not math.isfinite(bound)]
    if not bounds:
        yield "give low, high or both"
    elif wrong:
        yield from (f"{bound!r} is no {'whole number' if allowed is int else 'number'}" for bound in wrong)
    elif len(bounds) > 1 and bounds[0] > bounds[1]:
        yield f"low {kind.low} is above high {kind.high}; nothing lies between"
