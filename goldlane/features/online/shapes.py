"""What rows in a store look like, whatever the engine, and whether those that are there fit a declaration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from goldlane.errors import Mistakes, UsageError
from goldlane.features.online.values import quoted

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online.store import Publication

TILES = "__tiles"
TOMBSTONES = "__deleted"
# For so long a late event does not bring a deleted entity back.
TOMBSTONE_AGE = timedelta(days=30)


def types_of(table: FeatureTable) -> dict[str, str]:
    """The declared type of every column, in the order of ``table.columns``."""
    features = {feature.name: feature.type for feature in table.features}
    return {**{key: table.key_types[key] for key in table.keys}, table.event_time: "timestamp", **features}


def has_same_shape(old: FeatureTable, new: FeatureTable) -> bool:
    """Whether rows of ``new`` can be merged into those of ``old``; see ``TableWriter``."""
    if changed_columns(old, new):
        return False
    if new.has_tiles or old.has_tiles:
        return new.schema_hash == old.schema_hash
    return set(new.columns) <= set(old.columns)


def check_shape(old: FeatureTable, new: FeatureTable) -> None:
    """Refuse to merge rows into others that do not fit; what does not, all at once."""
    changed = changed_columns(old, new)
    if changed:
        raise Mistakes(f"{new.name} has another shape in the store; publish it with mode='snapshot'", changed)


def check_ownership(table: FeatureTable, previous: FeatureTable | None, is_there: Callable[[str], object], place: str) -> None:
    """Refuse to write over somebody else's table or view in ``place`` that has a name of ``table``'s."""
    ours = {
        table.name: previous is not None,
        table.name + TILES: not table.has_tiles or (previous is not None and previous.has_tiles),
        table.name + TOMBSTONES: previous is not None,
    }
    for name, is_ours in ours.items():
        if not is_ours and is_there(name):
            raise UsageError(f"{place} already has a table {name!r} that Goldlane did not write", hint="rename one of the two")


def changed_columns(old: FeatureTable, new: FeatureTable) -> list[str]:
    """What of the rows in the store does not fit the new declaration; features that were added or left out do fit."""
    if not has_same_keys(old, new):
        return [f"keys and time {_head(old)} became {_head(new)}"]
    before = types_of(old)
    return [f"{name} was {before[name]} and is {kind}" for name, kind in types_of(new).items() if before.get(name, kind) != kind]


def has_same_keys(old: FeatureTable, new: FeatureTable) -> bool:
    """Whether the rows of one declaration can be told from each other, and ordered, as those of the other."""
    return (old.keys, old.key_types, old.event_time) == (new.keys, new.key_types, new.event_time)


def tombstones_end(previous: Publication | None) -> datetime | None:
    """Before when a publish purges tombstones; None where an earlier publish of the same day has seen to that."""
    now = datetime.now(timezone.utc)
    last = None if previous is None else previous.published_at
    return None if last is None or last.date() == now.date() else now - TOMBSTONE_AGE


def same_key(table: FeatureTable, one: str, other: str) -> str:
    """SQL: whether a row of ``one`` has the key of a row of ``other``."""
    return " AND ".join(f"{one}.{quoted(key)} = {other}.{quoted(key)}" for key in table.keys)


def _head(table: FeatureTable) -> str:
    keys = ", ".join(f"{key} {table.key_types[key]}" for key in table.keys)
    return f"({keys}; {table.event_time})"
