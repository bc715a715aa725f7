"""Many rows by one statement: of one table, or of several. One statement sees one state of the store, and is prepared once."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from goldlane.features.online.values import quoted

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online.plans import Plan
    from goldlane.features.online.store import Answer, Key

MOST_KEYS = 500  # older SQLites take 999 parameters
MOST_TABLES = 16
_STEP = 20
_PLACES = 2**20


def answers_to_many(
    reader: sqlite3.Connection, plan: Plan, keys: Sequence[Key], now: int, absent: Callable[[Plan, Key], Answer]
) -> list[Answer] | None:
    """The answers to at most ``MOST_KEYS`` keys; None when that needs a closer look: the plan is old, a key is no text, the file broken."""
    padded = -(-len(keys) // _STEP) * _STEP
    asked = [*chain.from_iterable(map(plan.parameters, keys)), *[None] * ((padded - len(keys)) * len(plan.table.keys))]
    try:
        rows = reader.execute(_select_many(plan, padded), asked).fetchall()
    except (sqlite3.Error, UnicodeEncodeError):
        return None
    rows.sort(key=_place)
    first = plan.generation * _PLACES
    if len(rows) != padded or rows[0][0] != first or rows[-1][0] != first + padded - 1:
        return None
    answer = plan.answer
    return [answer(row, now) if row[1] is not None else absent(plan, key) for row, key in zip(rows, keys, strict=False)]


def answers_to_all(
    reader: sqlite3.Connection, plans: Sequence[Plan], keys: Sequence[Key], now: int, absent: Callable[[Plan, Key], Answer]
) -> list[Answer] | None:
    """One answer per plan and key, of at most ``MOST_TABLES`` tables; None as for ``answers_to_many``."""
    asked = [value for plan, key in zip(plans, keys, strict=True) for value in plan.parameters(key)]
    try:
        (row,) = reader.execute(_select_all(tuple(plans)), asked)
    except (sqlite3.Error, UnicodeEncodeError):
        return None
    answers, begin = [], 0
    for plan, key in zip(plans, keys, strict=True):
        end = begin + 2 + len(plan.table.features)
        if row[begin] != plan.generation:
            return None
        answers.append(plan.answer(row[begin:end], now) if row[begin + 1] is not None else absent(plan, key))
        begin = end
    return answers


@lru_cache(maxsize=128)
def _select_many(plan: Plan, count: int) -> str:
    """Rows as a plan's, but for the first column: the generation times ``_PLACES``, plus the key's place among those asked for."""
    table = plan.table
    names = [f"k{number}" for number in range(len(table.keys))]
    marks = ", ".join("?" for _ in names)
    asked = ", ".join(f"({place}, {marks})" for place in range(count))
    return (
        f"WITH asked (place, {', '.join(names)}) AS (VALUES {asked}) "  # noqa: S608  identifiers
        f"SELECT {_generation(table)} * {_PLACES} + asked.place, {_columns(table, 'found')} "
        f"FROM asked LEFT JOIN {quoted(table.name)} AS found ON {_same(table, 'found', [f'asked.{name}' for name in names])}"
    )


@lru_cache(maxsize=128)
def _select_all(plans: tuple[Plan, ...]) -> str:
    """One row that holds those of all tables side by side."""
    places = {f"t{number}": plan.table for number, plan in enumerate(plans)}
    columns = ", ".join(f"{_generation(table)}, {_columns(table, place)}" for place, table in places.items())
    joins = " ".join(
        f"LEFT JOIN {quoted(table.name)} AS {place} ON {_same(table, place, ['?'] * len(table.keys))}" for place, table in places.items()
    )
    return f"SELECT {columns} FROM (SELECT 1) AS one {joins}"  # noqa: S608  identifiers


def _generation(table: FeatureTable) -> str:
    return f"(SELECT generation FROM goldlane_tables WHERE name = '{table.name}')"  # noqa: S608  identifiers


def _columns(table: FeatureTable, place: str) -> str:
    return ", ".join(f"{place}.{quoted(name)}" for name in (table.event_time, *(feature.name for feature in table.features)))


def _same(table: FeatureTable, place: str, asked: Sequence[str]) -> str:
    return " AND ".join(f"{place}.{quoted(key)} = {value}" for key, value in zip(table.keys, asked, strict=True))


def _place(row: tuple[int, ...]) -> int:
    return row[0]
