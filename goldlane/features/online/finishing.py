"""A stored answer finished at read time: its windows merged from tiles, as the offline join merges them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from goldlane.features.tiles import Tile, features_at

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online.store import Answer


def finished(stored: Answer, table: FeatureTable, tiles: Iterable[Tile], now: int) -> Answer:
    """``stored``, which holds the features as of the key's newest event, with those that have tiles as of ``now`` (microseconds)."""
    if stored.expired:
        return stored
    features = {**stored.features, **features_at(table, tiles, now)}
    return replace(stored, features=features, missing=tuple(name for name, value in features.items() if value is None))
