"""What a model asked ``get_features`` for, checked against what there is: every mistake at once, each with the way out of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goldlane.errors import Mistakes
from goldlane.features.online.values import key_encoder
from goldlane.serving.agents.descriptions import unknown_name
from goldlane.serving.agents.known_tables import without_sensitive

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable
    from goldlane.serving.agents.known_tables import Publications

ARGUMENTS = ("key", "tables", "features")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The key to read each table by, and the features wanted of it, in the declared order."""

    keys: Mapping[str, Mapping[str, object]]
    features: Mapping[str, tuple[str, ...]]


def question(arguments: Mapping[str, Any], publications: Publications) -> Question:
    """What is to be read. Without ``tables``, every table whose keys are all given and that has a wanted feature.

    Raises:
        Mistakes: unknown arguments, tables, keys or features, values of another type, keys that are missing.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    tables = {name: each.table for name, each in publications.items()}
    mistakes = [*_wrong_arguments(given), *_wrong_key(given.get("key"), tables)]
    names, wanted = _names(given, "tables", mistakes), _names(given, "features", mistakes)
    mistakes += [unknown_name("table", name, tables) for name in names or () if name not in tables]
    if mistakes:
        raise Mistakes("get_features", mistakes)
    key: dict[str, object] = {column: value for column, value in given["key"].items() if value is not None}
    asked = {name: tables[name] for name in names} if names else tables
    mistakes += _wrong_features(wanted or (), asked)
    chosen = {name: table for name, table in asked.items() if not wanted or {each.name for each in table.features} & set(wanted)}
    readable = {name: table for name, table in chosen.items() if set(table.keys) <= set(key)}
    mistakes += _unreadable(chosen, readable, wanted, named=bool(names))
    mistakes += dict.fromkeys(wrong for table in readable.values() for wrong in _wrong_values(table, key))
    if mistakes:
        raise Mistakes("get_features", mistakes)
    return _question(readable, key, wanted)


def _question(readable: Mapping[str, FeatureTable], key: Mapping[str, object], wanted: Sequence[str] | None) -> Question:
    return Question(
        keys={name: {column: key[column] for column in table.keys} for name, table in readable.items()},
        features={
            name: tuple(each for each in without_sensitive(table) if not wanted or each in wanted) for name, table in readable.items()
        },
    )


def _wrong_arguments(given: Mapping[str, Any]) -> Iterator[str]:
    yield from (unknown_name("argument", name, ARGUMENTS) for name in given if name not in ARGUMENTS)


def _wrong_key(key: object, tables: Mapping[str, FeatureTable]) -> Iterator[str]:
    columns = list(dict.fromkeys(column for table in tables.values() for column in table.keys))
    example = f'{{"{columns[0]}": ...}}' if columns else "{}"
    if not tables:
        yield "no feature table is published yet"
    elif not isinstance(key, Mapping) or not any(value is not None for value in key.values()):
        yield f"key must be an object such as {example}; tables are read by {', '.join(columns)}"
    else:
        yield from (unknown_name("key", name, columns) for name, value in key.items() if value is not None and name not in columns)


def _names(given: Mapping[str, Any], argument: str, mistakes: list[str]) -> list[str] | None:
    """The names in ``argument``; a single name need not stand in a list, and an empty list is as none."""
    value = given.get(argument)
    if value is None:
        return None
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        mistakes.append(f"{argument} must be a list of names")
        return None
    return list(dict.fromkeys(names)) or None


def _wrong_features(wanted: Sequence[str], asked: Mapping[str, FeatureTable]) -> Iterator[str]:
    known = {feature.name: feature for table in asked.values() for feature in table.features}
    for name in wanted:
        if name not in known:
            yield unknown_name("feature", name, list(known))
        elif not any(name in without_sensitive(table) for table in asked.values()):
            yield f"{name} is sensitive: its values are withheld"


def _unreadable(
    chosen: Mapping[str, FeatureTable], readable: Mapping[str, FeatureTable], wanted: Sequence[str] | None, *, named: bool
) -> Iterator[str]:
    """Tables that were named but lack a key; without names, features of which no table can be read, or that no table can be."""
    lacking = {name: table for name, table in chosen.items() if name not in readable}
    if not named:
        found = {feature.name for table in readable.values() for feature in table.features}
        lost = [name for name in wanted or () if name not in found]
        lacking = {
            name: table for name, table in lacking.items() if not readable or any(feature.name in lost for feature in table.features)
        }
    yield from (
        f"{name} is read by {', '.join(table.keys)}: put {'it' if len(table.keys) == 1 else 'all'} in key"
        for name, table in lacking.items()
    )


def _wrong_values(table: FeatureTable, key: Mapping[str, object]) -> Iterator[str]:
    for column in table.keys:
        try:
            key_encoder(table.key_types[column])(key[column])
        except ValueError as wrong:
            yield f"key {column} is of type {table.key_types[column]}: {wrong}"
