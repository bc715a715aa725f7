"""What a declaration means for a training set: the part of it that decides values, and how two of them differ."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from goldlane.features import documents
from goldlane.features.declarations import FeatureTable

# Words for people, and where the rows come from: a training set pins that by itself.
_WORDS = frozenset(("description", "unit", "source", "sensitive"))


def definition_hash(tables: Iterable[FeatureTable]) -> str:
    """Sixteen hex digits that change with anything that can change a value: keys, times, types, windows, TTL, the order of features."""
    meant = {table.name: _meaning(documents.document(table)) for table in tables}
    return hashlib.sha256(json.dumps(meant, sort_keys=True).encode()).hexdigest()[:16]


def differences(then: FeatureTable, now: FeatureTable) -> Iterator[str]:
    """What is declared otherwise ``now``, one line each; nothing when both mean the same."""
    old, new = (_meaning(documents.document(table)) for table in (then, now))
    old_features, new_features = ({feature["name"]: feature for feature in side.pop("features")} for side in (old, new))
    yield from _changes(then.name, old, new)
    yield from (f"{then.name}.{name} is gone" for name in old_features if name not in new_features)
    yield from (f"{then.name}.{name} is new" for name in new_features if name not in old_features)
    both = [name for name in old_features if name in new_features]
    for name in both:
        yield from _changes(f"{then.name}.{name}", old_features[name], new_features[name])
    if both != [name for name in new_features if name in old_features]:
        yield f"{then.name}: the features stand in another order, which breaks ties"


def _meaning(document: Any) -> Any:
    if isinstance(document, Mapping):
        return {part: _meaning(value) for part, value in document.items() if part not in _WORDS}
    return [_meaning(value) for value in document] if isinstance(document, list) else document


def _changes(place: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for part in {**old, **new}:
            yield from _changes(f"{place}.{part}", old.get(part), new.get(part))
    elif old != new:
        yield f"{place} was {old!r} and is {new!r}"
