"""Who the storage has forgotten, forgotten by a store that learns of it when it is published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import UsageError
from goldlane.features.arrow_batches import key_schema
from goldlane.features.changes import GoldTable
from goldlane.features.forgotten_entities import forgotten_among, forgotten_beside

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online.store import OnlineStore, Publication


def forget_online(table: FeatureTable, path: Path, store: OnlineStore) -> int:
    """Have the store forget whom the storage forgot since the version that it holds; how many rows that deleted.

    It comes before the publish, which may be in full and would then delete those rows as any other, or may be killed. Where gold's change
    data feed does not tell who went, nobody is found but those whose rows gold still has.
    """
    previous = _published(table, store) if forgotten_beside(path) else None
    if previous is None or previous.version is None or previous.table.key_types != table.key_types:
        return 0
    gold = GoldTable(table, path)
    if previous.source_id != gold.id or previous.version > gold.version:
        return 0
    touched = gold.touched_since(previous.version)
    keys = gold.with_pending(key_schema(table).empty_table() if isinstance(touched, str) else touched)
    gone = () if isinstance(keys, str) else forgotten_among(keys, table, path)
    return sum(store.forget(table.name, key) for key in gone)


def _published(table: FeatureTable, store: OnlineStore) -> Publication | None:
    try:
        return next((each for each in store.publications() if each.table.name == table.name), None)
    except UsageError:
        # There is no store yet.
        return None
