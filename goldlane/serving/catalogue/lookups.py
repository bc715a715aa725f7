"""The form that looks one key up, and what it shows. Sensitive features are masked whoever asks: a page is looked at over shoulders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from goldlane.drawing.rendering import MASK, shown
from goldlane.errors import UsageError
from goldlane.features.online.json_values import spelled
from goldlane.features.online.values import key_encoder
from goldlane.serving.catalogue.freshness import ago

if TYPE_CHECKING:
    from goldlane.features.declarations import Feature, FeatureTable
    from goldlane.features.online import Answer, OnlineStore
    from goldlane.serving.endpoints import Endpoint

LONGEST_KEY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A feature and what is shown of it; ``text`` is None where it is missing."""

    feature: Feature
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One table's answer. ``is_known`` says whether the store has the key."""

    table: str
    is_known: bool
    as_of: datetime | None
    age: str
    expired: bool
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What was asked and what came of it. ``mistakes`` are by key column; ``problem`` is about the whole."""

    given: Mapping[str, str] = field(default_factory=dict)
    mistakes: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None
    answers: tuple[Shown, ...] = ()

    @property
    def was_asked(self) -> bool:
        """Whether somebody filled the form in."""
        return bool(self.given)


def looked_up(store: OnlineStore, endpoint: Endpoint, form: Mapping[str, str]) -> Lookup:
    """The answers for the key in ``form``, one for each table of the endpoint, all from one state of the store."""
    given = {key: str(form.get(key, ""))[:LONGEST_KEY] for key in endpoint.key_types}
    mistakes = {key: wrong for key, kind in endpoint.key_types.items() if (wrong := _mistake(given[key], kind))}
    if mistakes or endpoint.mistakes:
        return Lookup(given=given, mistakes=mistakes, problem="; ".join(endpoint.mistakes) or None)
    try:
        found = store.lookup_all({name: {key: given[key] for key in keys} for name, keys in endpoint.table_keys}, "empty")
    except UsageError:
        return Lookup(given=given, problem="The table has changed meanwhile; load the page again.")
    return Lookup(given=given, answers=tuple(_shown(table, found[table.name]) for table in endpoint.tables))


def _shown(table: FeatureTable, answer: Answer) -> Shown:
    values = (Value(feature=each, text=_text(each, answer.features.get(each.name))) for each in table.features)
    return Shown(
        table=table.name,
        is_known=answer.as_of is not None,
        as_of=answer.as_of,
        age="" if answer.age_s is None else ago(answer.age_s),
        expired=answer.expired,
        values=tuple(values),
    )


def _text(feature: Feature, value: object) -> str | None:
    if value is None:
        return None
    if feature.sensitive:
        return MASK
    return shown(spelled(value))


def _mistake(text: str, kind: str) -> str | None:
    if not text:
        return "Fill this in."
    try:
        key_encoder(kind)(text)
    except ValueError:
        return f"This is not a value of type {kind}."
    return None
