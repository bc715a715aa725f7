"""Finding tables and features by words in their names and meanings."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goldlane.features.declarations import Feature
    from goldlane.serving.catalogue.views import TableView

LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A feature and the table that it is in."""

    view: TableView
    feature: Feature


def found_tables(views: Iterable[TableView], text: str) -> list[TableView]:
    """The tables in which every word of ``text`` is found: in name, meaning, keys, or the names and meanings of their features."""
    wanted = _words(text)
    return [view for view in views if _holds(_about(view), wanted)]


def found_features(views: Iterable[TableView], text: str) -> list[Found]:
    """The features in which every word of ``text`` is found: in name, meaning, unit, or the table's name.

    Those whose name begins with the first word come first, then those that have it in their name.
    """
    wanted = _words(text)
    found = [
        Found(view=view, feature=feature)
        for view in views
        for feature in view.table.features
        if _holds(f"{feature.name} {feature.description} {feature.unit or ''} {view.table.name}", wanted)
    ]
    return sorted(found, key=lambda one: (_rank(one.feature.name, wanted), one.feature.name, one.view.table.name))


def _about(view: TableView) -> str:
    table = view.table
    features = (f"{feature.name} {feature.description} {feature.unit or ''}" for feature in table.features)
    return " ".join([table.name, table.description, *table.keys, *features])


def _rank(name: str, wanted: Sequence[str]) -> int:
    folded = _folded(name)
    return 0 if not wanted or folded.startswith(wanted[0]) else 1 if wanted[0] in folded else 2


def _holds(text: str, wanted: Sequence[str]) -> bool:
    folded = _folded(text)
    return all(word in folded for word in wanted)


def _words(text: str) -> list[str]:
    return _folded(text[:LONGEST]).split()


def _folded(text: str) -> str:
    """Case and accents apart, and ``fraud rate`` finds ``fraud_rate``."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).replace("_", " ")
