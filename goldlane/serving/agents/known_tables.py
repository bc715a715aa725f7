"""What a store holds, as a model may see it: looked at again now and then, never at every call."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online import OnlineStore, Publication

_FRESH_S = 5.0

Publications = Mapping[str, "Publication"]


@dataclass(frozen=True, slots=True)
class _Seen:
    at: float
    publications: Publications


class KnownTables:
    """The publications of a store by table name, no older than five seconds; ``names`` hides all the others."""

    def __init__(self, store: OnlineStore, names: Collection[str] | None = None) -> None:
        self._store, self._names = store, None if names is None else frozenset(names)
        self._seen: _Seen | None = None

    def publications(self, *, now: bool = False) -> Publications:
        """The tables that may be seen; ``now`` looks into the store whatever is remembered.

        Raises:
            GoldlaneError: the store cannot be read.
        """
        seen = self._seen
        if now or seen is None or time.monotonic() - seen.at > _FRESH_S:
            found = {each.table.name: each for each in self._store.publications()}
            seen = self._seen = _Seen(time.monotonic(), within(found, self._names))
        return seen.publications


def within(publications: Publications, names: Collection[str] | None) -> Publications:
    """Those of ``names``; all of them for None."""
    return publications if names is None else {name: each for name, each in publications.items() if name in names}


def without_sensitive(table: FeatureTable) -> tuple[str, ...]:
    """The names of the features whose values a model may see."""
    return tuple(feature.name for feature in table.features if not feature.sensitive)
