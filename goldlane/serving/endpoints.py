"""What can be asked: an endpoint for every feature table and every feature set in the store."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from goldlane.features.feature_sets import names_in_set, set_mistakes

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.feature_sets import FeatureSet
    from goldlane.features.online import OnlineStore, Publication
    from goldlane.serving.tokens import Token

_PATIENCE_S = 0.25


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A table, or a set of tables, under the name it is asked by.

    ``publications`` are the tables that the store has, ``absent`` those of the set that it does not have (yet).
    """

    name: str
    description: str
    publications: tuple[Publication, ...]
    is_set: bool = False
    absent: tuple[str, ...] = ()

    @cached_property
    def tables(self) -> tuple[FeatureTable, ...]:
        """The declarations, in the set's order."""
        return tuple(publication.table for publication in self.publications)

    @cached_property
    def table_names(self) -> tuple[str, ...]:
        """The names of all tables, absent ones last."""
        return (*(table.name for table in self.tables), *self.absent)

    @cached_property
    def key_types(self) -> Mapping[str, str]:
        """What a record must hold, and its types: the keys of all tables."""
        return {key: kind for table in self.tables for key, kind in table.key_types.items()}

    @cached_property
    def table_keys(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Each table's name, and the keys it is read by."""
        return tuple((table.name, table.keys) for table in self.tables)

    @cached_property
    def feature_names(self) -> Mapping[str, Mapping[str, str]]:
        """For each table, what its features are called in an output."""
        return names_in_set(self.tables)

    @cached_property
    def mistakes(self) -> tuple[str, ...]:
        """Why it cannot be asked now; empty when it can."""
        return (*(f"table {name!r} is not published" for name in self.absent), *set_mistakes(self.tables))


class Endpoints:
    """The endpoints of a store, kept in memory; ``refresh`` looks again. Safe from several threads."""

    def __init__(self, store: OnlineStore) -> None:
        self._store = store
        self._known: dict[str, Endpoint] = {}
        self._looked = 0.0
        self._refreshing = threading.Lock()

    def known(self, name: str) -> Endpoint | None:
        """The endpoint as it was when it was last looked at; the store is not asked."""
        return self._known.get(name)

    def get(self, name: str) -> Endpoint | None:
        """The endpoint as it was when it was last looked at; an unknown name is looked for in the store, a few times a second at most."""
        found = self._known.get(name)
        if found is None and time.monotonic() - self._looked > _PATIENCE_S:
            self.refresh()
            found = self._known.get(name)
        return found

    def all(self) -> tuple[Endpoint, ...]:
        """Every endpoint, by name."""
        return tuple(self._known[name] for name in sorted(self._known))

    def readable_by(self, token: Token) -> list[Endpoint]:
        """Those that ``token`` may read, by name."""
        return [each for each in self.all() if token.allows(each.name, each.table_names)]

    def refresh(self) -> None:
        """Look into the store.

        Raises:
            GoldlaneError: it cannot be read; what is known stays.
        """
        with self._refreshing:
            self._looked = time.monotonic()
            publications = {publication.table.name: publication for publication in self._store.publications()}
            tables = {name: _table(publication) for name, publication in publications.items()}
            sets = {each.name: _set(each, publications) for each in self._store.feature_sets()}
            self._known = {**sets, **tables}


def _table(publication: Publication) -> Endpoint:
    return Endpoint(name=publication.table.name, description=publication.table.description, publications=(publication,))


def _set(declared: FeatureSet, publications: Mapping[str, Publication]) -> Endpoint:
    return Endpoint(
        name=declared.name,
        description=declared.description,
        publications=tuple(publications[name] for name in declared.tables if name in publications),
        is_set=True,
        absent=tuple(name for name in declared.tables if name not in publications),
    )
