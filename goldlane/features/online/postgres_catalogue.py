"""What a PostgreSQL store says about itself: one row of ``goldlane_tables`` per published table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from goldlane.errors import UsageError
from goldlane.features.online.entries import Entry, catalogue_text, next_generation, stored_entry
from goldlane.features.online.postgres_types import EPOCH
from goldlane.features.online.store import Publication

FORMAT = 1
_COMMENT = "goldlane format "
MAKE = f"""
CREATE TABLE IF NOT EXISTS goldlane_tables (
    name text COLLATE "C" PRIMARY KEY,
    generation bigint NOT NULL,
    version bigint,
    source_id text,
    published_at timestamp with time zone NOT NULL,
    declaration text NOT NULL,
    catalogue text
);
COMMENT ON TABLE goldlane_tables IS '{_COMMENT}{FORMAT}'
"""
# In the first schema of the search path only, where publishing makes it.
EXISTS = """
SELECT obj_description(c.oid, 'pg_class') FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relname = 'goldlane_tables' AND n.nspname = current_schema()
"""
_SELECT = (
    "SELECT t.generation, t.version, t.source_id, t.published_at, t.declaration, t.catalogue, "
    "obj_description('goldlane_tables'::regclass, 'pg_class') FROM goldlane_tables AS t"
)
ONE_ENTRY = f"{_SELECT} WHERE name = $1::text"
ALL_ENTRIES = f"{_SELECT} ORDER BY name"
WRITE_ENTRY = (
    "INSERT INTO goldlane_tables (name, generation, version, source_id, published_at, declaration, catalogue) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7) "
    "ON CONFLICT (name) DO UPDATE SET generation = excluded.generation, version = excluded.version, source_id = excluded.source_id, "
    "published_at = excluded.published_at, declaration = excluded.declaration, "
    "catalogue = coalesce(excluded.catalogue, goldlane_tables.catalogue)"
)


def entry_of(row: Sequence[Any], label: str) -> Entry:
    """The entry that a row of ``ONE_ENTRY`` or ``ALL_ENTRIES`` holds."""
    generation, version, source_id, published_at, declaration, catalogue, comment = row
    check_format(comment, label)
    return stored_entry((generation, version, source_id, declaration, catalogue), EPOCH + timedelta(microseconds=published_at))


def entry_values(publication: Publication, previous: Entry | None) -> tuple[object, ...]:
    """What ``WRITE_ENTRY`` is given; a changed declaration starts a new generation."""
    return (
        publication.table.name,
        next_generation(publication, previous),
        publication.version,
        publication.source_id,
        publication.published_at or datetime.now(timezone.utc),
        publication.table.to_json(),
        catalogue_text(publication),
    )


def check_format(comment: str | None, label: str) -> None:
    """Refuse a store that a newer Goldlane wrote, and a table of that name that is somebody else's."""
    found = (comment or "").removeprefix(_COMMENT)
    if comment is None or not found.isdigit():
        raise UsageError(f"{label} has a table goldlane_tables that Goldlane did not write", hint="name another schema in the search path")
    if int(found) > FORMAT:
        raise UsageError(
            f"{label} was written by a newer Goldlane (format {found}, this one knows {FORMAT})", hint="pip install -U goldlane"
        )
