"""Feature sets: what an agent asks for in one call, over several feature tables."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from goldlane.features.declarations import FeatureTable
from goldlane.features.errors import DeclarationError
from goldlane.features.rolling import is_identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSet:
    """The features of several tables under one name; asked for with the keys of all of them.

    ``tables`` are names in the store; a ``FeatureTable`` stands for its name, and is checked against the others: a key that several
    share must be of one type. A feature goes by its name, or by ``<table>__<feature>`` where several of the tables have the name.

    Raises:
        DeclarationError: all mistakes at once.
    """

    name: str
    tables: tuple[str, ...]
    description: str = ""

    def __post_init__(self) -> None:
        several: tuple[Any, ...] = tuple(self.tables) if isinstance(self.tables, (list, tuple)) else (self.tables,)
        names = tuple(table.name if isinstance(table, FeatureTable) else table for table in several)
        mistakes = [*self._wrong_names(names), *set_mistakes(table for table in several if isinstance(table, FeatureTable))]
        if mistakes:
            raise DeclarationError(f"FeatureSet {self.name!r}", mistakes)
        object.__setattr__(self, "tables", names)

    def to_json(self) -> str:
        """The declaration as a store keeps it."""
        return json.dumps({"name": self.name, "tables": list(self.tables), "description": self.description}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> FeatureSet:
        """The set that ``to_json`` wrote."""
        stored: dict[str, Any] = json.loads(text)
        return cls(**{**stored, "tables": tuple(stored["tables"])})

    def _wrong_names(self, names: tuple[Any, ...]) -> Iterator[str]:
        if not is_identifier(self.name):
            yield "the name must be a name as tables have (letters, digits, _)"
        if not names:
            yield "tables are missing; name at least one"
        yield from (f"{name!r} is no table's name" for name in names if not is_identifier(name))
        yield from (f"table {name!r} is named {n} times" for name, n in Counter(map(str, names)).items() if n > 1)
        if self.name in names:
            yield f"it is named like its table {self.name!r}"


def set_mistakes(tables: Iterable[FeatureTable]) -> Iterator[str]:
    """What keeps tables out of one set: a key of two types."""
    types: dict[str, tuple[str, str]] = {}
    for table in tables:
        for key, kind in table.key_types.items():
            other, known = types.setdefault(key, (table.name, kind))
            if known != kind:
                yield f"key {key!r} is {known} in {other} and {kind} in {table.name}"


def names_in_set(tables: Sequence[FeatureTable]) -> dict[str, dict[str, str]]:
    """For each table, what its features are called in a set of these tables: a name that several tables have says whose it is."""
    homes = Counter(feature.name for table in tables for feature in table.features)
    return {
        table.name: {
            feature.name: feature.name if homes[feature.name] == 1 else f"{table.name}__{feature.name}" for feature in table.features
        }
        for table in tables
    }


def project_mistakes(sets: Iterable[FeatureSet], tables: Iterable[FeatureTable]) -> Iterator[str]:
    """What is wrong with the sets of a project that declares ``tables``: names used twice or unknown, and tables that do not fit."""
    by_name = {table.name: table for table in tables}
    seen: set[str] = set()
    for each in sets:
        if each.name in by_name or each.name in seen:
            yield f"{each.name}: a feature {'table' if each.name in by_name else 'set'} has this name already"
        seen.add(each.name)
        unknown = [name for name in each.tables if name not in by_name]
        yield from (f"{each.name}: there is no feature table {name!r}" for name in unknown)
        yield from (f"{each.name}: {wrong}" for wrong in set_mistakes(by_name[name] for name in each.tables if name in by_name))
