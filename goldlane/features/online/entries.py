"""An entry of ``goldlane_tables``, in which a store says what it holds; the engines differ only in how they keep a row of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from goldlane.features.declarations import FeatureTable
from goldlane.features.online.catalogue import stored_catalogue
from goldlane.features.online.store import Publication


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A table's publication, and its generation: a number that grows whenever a reader's plan for the table is no longer right."""

    publication: Publication
    generation: int


def stored_entry(row: tuple[int, int | None, str | None, str, str | None], published_at: datetime) -> Entry:
    """The entry of a row: its generation, version, source id, declaration and catalogue."""
    generation, version, source_id, declaration, catalogue = row
    publication = Publication(
        table=FeatureTable.from_json(declaration),
        version=version,
        source_id=source_id,
        published_at=published_at,
        catalogue=stored_catalogue(catalogue),
    )
    return Entry(publication=publication, generation=generation)


def next_generation(publication: Publication, previous: Entry | None) -> int:
    """The generation to record ``publication`` under; a changed declaration starts a new one."""
    if previous is None:
        return 1
    return previous.generation + (previous.publication.table.to_json() != publication.table.to_json())


def catalogue_text(publication: Publication) -> str | None:
    """The catalogue as a store keeps it; None leaves the one that is there."""
    return None if publication.catalogue is None else publication.catalogue.to_json()
