"""Feature tables as data: keys, time, and features that each have a type, a meaning and a unit."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from goldlane.features import documents
from goldlane.features.answer_schema import answer_schema
from goldlane.features.durations import ttl_of
from goldlane.features.errors import DeclarationError
from goldlane.features.feature import Feature
from goldlane.features.pages import page
from goldlane.features.rolling import Rolling, is_identifier
from goldlane.features.types import canonical_type, wrong_type

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["Feature", "FeatureTable", "Rolling"]

Source: TypeAlias = "str | Callable[[SparkSession], DataFrame] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureTable:
    """Features of one kind of key: a gold table with one row per ``keys`` and ``event_time``.

    ``event_time`` is when the row became knowable. A value older than ``ttl`` is expired; an age equal to it is still valid.
    ``source`` is the gold table's name, or makes a stream from a session. Keys are strings unless ``key_types`` says otherwise.
    Where every feature has a ``hop``, the source holds their tiles (``to_tiles``), or events, which are tiled whenever they are published.

    Raises:
        DeclarationError: all mistakes at once.
    """

    name: str
    keys: tuple[str, ...]
    event_time: str
    features: tuple[Feature, ...]
    ttl: timedelta | None = None
    source: Source = None
    key_types: Mapping[str, str] = field(default_factory=dict, hash=False)
    description: str = ""

    def __post_init__(self) -> None:
        for several in ("keys", "features"):
            object.__setattr__(self, several, _several(getattr(self, several)))
        mistakes = [*self._wrong_names(), *self._wrong_values()]
        if mistakes:
            raise DeclarationError(f"FeatureTable {self.name!r}", mistakes)
        object.__setattr__(self, "key_types", {key: canonical_type(self.key_types.get(key, "string")) for key in self.keys})

    @property
    def columns(self) -> tuple[str, ...]:
        """Keys, event time, features: the columns of the gold table, in this order."""
        return (*self.keys, self.event_time, *(feature.name for feature in self.features))

    @property
    def rollings(self) -> tuple[Rolling, ...]:
        """The windows of the features that have one, each named like its feature."""
        return tuple(feature.rolling for feature in self.features if feature.rolling is not None)

    @property
    def has_tiles(self) -> bool:
        """Whether any feature is merged from tiles at read time."""
        return any(rolling.hop is not None for rolling in self.rollings)

    @property
    def schema_hash(self) -> str:
        """Sixteen hex digits that change when keys, time, types or windows do; words (meaning, unit, source) do not count."""
        return hashlib.sha256(json.dumps(documents.shape(self), sort_keys=True).encode()).hexdigest()[:16]

    def ddl(self, *, primary_key: bool = True) -> str:
        """The schema text for ``dlt.table(schema=...)``: types and comments, keys and time NOT NULL, the time series primary key."""
        return documents.ddl(self, primary_key=primary_key)

    def page(self) -> str:
        """The table's section in a page of documentation: Markdown, a feature per row."""
        return page(self)

    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema of what ``goldlane lookup --json`` answers for one key."""
        return answer_schema(self)

    def to_json(self) -> str:
        """The declaration as a store keeps it. A callable source is code and is left out."""
        return json.dumps(documents.document(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> FeatureTable:
        """The table that ``to_json`` wrote."""
        stored: dict[str, Any] = json.loads(text)
        features, ttl = tuple(_feature(feature) for feature in stored.pop("features")), ttl_of(stored.pop("ttl_s"))
        return cls(**{**stored, "keys": tuple(stored["keys"])}, features=features, ttl=ttl)

    def _wrong_names(self) -> Iterator[str]:
        if not is_identifier(self.name):
            yield "the name must be a table name (letters, digits, _)"
        if not self.keys:
            yield "keys are missing; name at least one column"
        if not self.features:
            yield "features are missing; name at least one"
        yield from (f"{name!r} is no column name (letters, digits, _)" for name in (*self.keys, self.event_time) if not is_identifier(name))
        # Spark and SQL tell no names apart by case.
        keys = [str(key).lower() for key in self.keys]
        features = [feature.name.lower() for feature in self.features if isinstance(feature, Feature)]
        yield from (f"key {name!r} is named {n} times" for name, n in Counter(keys).items() if n > 1)
        yield from (f"feature {name!r} is named {n} times" for name, n in Counter(features).items() if n > 1)
        yield from (f"feature {name!r} is named like a key" for name in dict.fromkeys(features) if name in keys)
        if str(self.event_time).lower() in (*keys, *features):
            yield f"event_time {self.event_time!r} is also a key or a feature"

    def _wrong_values(self) -> Iterator[str]:
        yield from (f"{feature!r} is no Feature" for feature in self.features if not isinstance(feature, Feature))
        if self.ttl is not None and (not isinstance(self.ttl, timedelta) or self.ttl <= timedelta(0)):
            yield f"ttl must be a timedelta longer than 0, not {self.ttl!r}"
        if self.source is not None and not isinstance(self.source, str) and not callable(self.source):
            yield f"source must be a table's name or a callable that takes the session, not {self.source!r}"
        if not isinstance(self.description, str):
            yield f"description must be text, not {self.description!r}"
        if not isinstance(self.key_types, Mapping):
            yield f"key_types must map keys to types, not {self.key_types!r}"
            return
        for key, text in self.key_types.items():
            if key not in self.keys:
                yield f"key_types names {key!r}, which is no key"
            yield from (f"key {key!r}: {wrong}" for wrong in wrong_type(text))


def _several(value: object) -> tuple[Any, ...]:
    """A single key or feature, or several of them; what is neither is left for the checks to name."""
    return tuple(value) if isinstance(value, (list, tuple)) else () if value is None else (value,)


def _feature(stored: Mapping[str, Any]) -> Feature:
    rolling = stored["rolling"]
    return Feature(**{**stored, "rolling": None if rolling is None else documents.rolling(rolling)})
