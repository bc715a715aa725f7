"""The catalogue in few characters: every table with its key and features, or one table feature by feature."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timezone
from difflib import get_close_matches
from typing import TYPE_CHECKING

from goldlane.errors import UsageError
from goldlane.features.prompts import age

if TYPE_CHECKING:
    from goldlane.features.declarations import Feature, FeatureTable
    from goldlane.features.online import Publication
    from goldlane.serving.agents.known_tables import Publications

# A page of a few thousand tokens; a store that needs more is told by fewer words per table.
_ROOM = 6_000
_FEW, _LISTED = 8, 20


def described(publications: Publications, table: str | None = None) -> str:
    """The text for a model: all tables, or ``table`` in detail.

    Raises:
        UsageError: there is no such table.
    """
    if table is not None:
        require_known([table], publications)
        return "\n".join(_detail(publications[table]))
    if not publications:
        return "No feature table is published yet."
    told = (list(map(way, (each.table for each in publications.values()))) for way in (_with_features, _with_meaning, _with_key))
    return next((text for lines in told if len(text := "\n".join(lines)) <= _ROOM), None) or _cut(publications)


def require_known(names: Sequence[str], publications: Publications) -> None:
    """Nothing, when every name is a table's.

    Raises:
        UsageError: some are not; with the nearest names, and the known ones.
    """
    unknown = [name for name in names if name not in publications]
    if unknown:
        raise UsageError("; ".join(unknown_name("table", name, publications) for name in unknown))


def unknown_name(kind: str, name: object, known: Collection[str]) -> str:
    """``there is no table 'x'`` with the nearest of the known names; all of these, where they are few or none is near."""
    nearest = get_close_matches(str(name), known, n=3, cutoff=0.5)
    unknown = f"there is no {kind} {str(name)[:100]!r}" + (f"; did you mean {' or '.join(nearest)}?" if nearest else "")
    if not known:
        return f"{unknown}; none is published yet"
    if nearest and len(known) > _FEW:
        return unknown
    return f"{unknown}; known: {', '.join(list(known)[:_LISTED])}" + (f" and {len(known) - _LISTED} more" if len(known) > _LISTED else "")


def _with_features(table: FeatureTable) -> str:
    return f"{_with_meaning(table)}\n  features: {', '.join(feature.name for feature in table.features)}"


def _with_meaning(table: FeatureTable) -> str:
    return f"{_with_key(table)}: {table.description}" if table.description else _with_key(table)


def _with_key(table: FeatureTable) -> str:
    return f"{table.name} (key {', '.join(table.keys)})"


def _cut(publications: Publications) -> str:
    """As many names as there is room for; the others can be asked for by name, and a wrong one is answered with the nearest."""
    lines: list[str] = []
    room = _ROOM
    for name in publications:
        room -= len(name) + 1
        if room < 0:
            return "\n".join([*lines, f"and {len(publications) - len(lines)} more tables"])
        lines.append(name)
    return "\n".join(lines)


def _detail(publication: Publication) -> Iterator[str]:
    table = publication.table
    yield f"{table.name}, key {', '.join(f'{key} ({table.key_types[key]})' for key in table.keys)}{_freshness(publication)}"
    if table.description:
        yield table.description
    yield from map(_line, table.features)


def _freshness(publication: Publication) -> str:
    ttl, published = publication.table.ttl, publication.published_at
    expires = "" if ttl is None else f", values expire after {age(ttl.total_seconds())}"
    ago = "" if published is None else f", published {age((datetime.now(timezone.utc) - published).total_seconds())} ago"
    return ago + expires


def _line(feature: Feature) -> str:
    withheld = ", sensitive: values are withheld" if feature.sensitive else ""
    return f"- {feature.name} ({feature.type}{withheld}): {feature.meaning}"
