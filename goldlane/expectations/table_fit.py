"""Table rules against the columns of the tables they read, before anything runs. Types are named as Spark names them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from goldlane.expectations.rule import RuleError
from goldlane.expectations.table_rule import ForeignKey, FreshWithin, SumBetween, TableRule, Unique

INTEGERS = ("tinyint", "smallint", "int", "bigint")
_TIMES = frozenset({"timestamp", "timestamp_ntz", "date"})
_VARIANT = re.compile(r"\bvariant\b(?!:)")


def require_askable(rules: Sequence[TableRule], types: Mapping[str, str], tables: Mapping[str, Mapping[str, str]]) -> None:
    """Raise one ``RuleError`` that names every table and column that is missing, or of a type that the rule cannot be about."""
    mistakes = [f"table rule {rule.name!r}: {mistake}" for rule in rules for mistake in _mistakes(rule, types, tables)]
    if mistakes:
        raise RuleError("rules that do not fit the table", mistakes)


def _mistakes(rule: TableRule, types: Mapping[str, str], tables: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    kind = rule.kind
    missing = [column for column in rule.columns if column not in types]
    if missing:
        yield f"no column {', '.join(map(repr, missing))}; the table has {', '.join(types)}"
    elif isinstance(kind, (Unique, ForeignKey)):
        yield from (f"{column} is {types[column]}; no two variants are equal" for column in rule.columns if _VARIANT.search(types[column]))
    elif isinstance(kind, FreshWithin) and types[kind.column] not in _TIMES:
        yield f"{kind.column} is {types[kind.column]}; a date or a timestamp has an age"
    elif isinstance(kind, SumBetween) and not is_number(types[kind.column]):
        yield f"{kind.column} is {types[kind.column]}; numbers have a sum"
    if isinstance(kind, ForeignKey):
        yield from _reference_mistakes(kind, types, tables)


def _reference_mistakes(kind: ForeignKey, types: Mapping[str, str], tables: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    if kind.to not in tables:
        yield f"it refers to {kind.to!r}; the tables at hand are {', '.join(tables) or 'none'}"
        return
    there = tables[kind.to]
    missing = [column for column in kind.to_columns if column not in there]
    if missing:
        yield f"no column {', '.join(map(repr, missing))} in {kind.to}, which has {', '.join(there)}"
    for own, other in zip(kind.columns, kind.to_columns, strict=True):
        if own in types and other in there and not _comparable(types[own], there[other]):
            yield f"{own} is {types[own]}, and {other} of {kind.to} is {there[other]}"


def is_number(type_name: str) -> bool:
    """Whether values of the type can be added up."""
    return type_name in INTEGERS or type_name in ("float", "double") or type_name.startswith("decimal")


def _comparable(one: str, other: str) -> bool:
    return one == other or {one, other} <= set(INTEGERS)
