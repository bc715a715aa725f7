"""One entity forgotten everywhere: in the online store, in the storage's tables, and from then on."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import UsageError
from goldlane.features.delta_files import ask, columns, open_delta
from goldlane.features.forgotten_entities import Entity, complete, enter, entity_of, forgotten_rows
from goldlane.features.gold import gold_path
from goldlane.features.live.live_table import live_path
from goldlane.maintenance.locks import updates_held
from goldlane.maintenance.stored import stored_tables
from goldlane.maintenance.sweeping import Swept, Tell, columns_of, sweep

if TYPE_CHECKING:
    from deltalake import DeltaTable

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online import Key, OnlineStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """What was done. ``online`` counts the rows that left each table of the store.

    ``running`` are pipelines in the middle of an update: where there are any, the rows in the storage's tables are still to be deleted.
    """

    table: str
    online: Mapping[str, int]
    swept: tuple[Swept, ...]
    running: tuple[str, ...]
    seconds: float

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to do."""
        return not self.running


def forget(table: FeatureTable, key: Key, storage: Path, store: OnlineStore, tell: Tell = lambda _: None) -> Forgetting:
    """Forget the entity that ``table`` knows by ``key``, in every table of the store and of the storage that has its key columns.

    It is entered as forgotten first: from then on nothing brings it back, and whoever is stopped on the way may simply do it again.

    Raises:
        UsageError: the storage or the store is not there, or the key does not fit the table.
    """
    started = time.perf_counter()
    entity = entity_of(table, key)
    stored_tables(storage)
    published = [publication.table for publication in store.publications()]
    tell("entering the entity as forgotten")
    enter(storage, entity, table.name)
    online = {each.name: _forgotten_online(each, entity, key, storage, store) for each in published if set(key) <= set(each.keys)}
    with updates_held(storage) as running:
        swept = () if running else sweep(storage, [entity], tell, key)
        if not running:
            complete(storage, [entity])
    seconds = round(time.perf_counter() - started, 3)
    return Forgetting(table=table.name, online=online, swept=swept, running=running, seconds=seconds)


def find_table(name: str, declared: Mapping[str, FeatureTable], store: OnlineStore) -> FeatureTable:
    """The feature table of that name, as it is declared, else as the store knows it.

    Raises:
        UsageError: nobody knows it.
    """
    known = {**{publication.table.name: publication.table for publication in store.publications()}, **declared}
    if name not in known:
        raise UsageError(f"there is no feature table {name!r}; known are {', '.join(sorted(known)) or 'none'}")
    return known[name]


def _forgotten_online(table: FeatureTable, entity: Entity, key: Key, storage: Path, store: OnlineStore) -> int:
    keys = [key] if set(key) == set(table.keys) else list(_longer_keys(table, entity, storage))
    return sum(store.forget(table.name, each) for each in keys)


def _longer_keys(table: FeatureTable, entity: Entity, storage: Path) -> Iterator[Key]:
    """Of a table whose key is more than the entity, as of pairs, the keys with it that the gold table has, or that a stream published."""
    gold = [gold_path(table, storage)] if isinstance(table.source, str | None) else []
    found: dict[tuple[object, ...], Key] = {}
    for path in (*gold, live_path(table, storage)):
        if (path / "_delta_log").is_dir():
            found |= {tuple(key.values()): key for key in _keys_of(table, entity, open_delta(path, table.name))}
    yield from found.values()


def _keys_of(table: FeatureTable, entity: Entity, rows: DeltaTable) -> Iterator[Key]:
    condition = forgotten_rows([entity], columns_of(rows))
    for batch in ask(rows, f"SELECT DISTINCT {columns(table.keys)} FROM gold WHERE {condition}"):  # noqa: S608  names and hashes
        yield from batch.to_pylist()
