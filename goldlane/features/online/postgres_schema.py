"""The tables that hold feature rows in PostgreSQL: made from the declaration, widened when it grows, never narrowed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from goldlane.errors import Mistakes
from goldlane.features.online.postgres_types import column_type
from goldlane.features.online.shapes import TILES, TOMBSTONES, types_of
from goldlane.features.online.values import FLOATS, quoted

if TYPE_CHECKING:
    from psycopg import Connection

    from goldlane.features.declarations import FeatureTable

_NAME_BYTES = 63
_SYSTEM_COLUMNS = frozenset(("tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"))


def check_names(table: FeatureTable) -> None:
    """Refuse names that are the store's own or that PostgreSQL cannot keep, and floating point keys, never equal for sure; all at once."""
    mistakes = [
        f"key {key!r} is of type {kind}, which no two machines compare alike" for key, kind in table.key_types.items() if kind in FLOATS
    ]
    if table.name.lower().startswith(("pg_", "goldlane_")) or table.name.lower().endswith((TILES, TOMBSTONES)):
        mistakes.append(f"the name {table.name!r} is the store's own")
    if len(table.name.encode()) > _NAME_BYTES - len(TOMBSTONES):
        mistakes.append(f"the name {table.name!r} is longer than {_NAME_BYTES - len(TOMBSTONES)} bytes")
    mistakes += [f"column {name!r} is longer than {_NAME_BYTES} bytes" for name in table.columns if len(name.encode()) > _NAME_BYTES]
    mistakes += [f"PostgreSQL has a column {name!r} of its own in every table" for name in table.columns if name in _SYSTEM_COLUMNS]
    if mistakes:
        raise Mistakes(f"{table.name} cannot be kept in PostgreSQL", mistakes)


def staging_name(table: FeatureTable, what: str) -> str:
    """Where rows wait to be merged. One publisher holds a table at a time, so what is found there was left by one that was killed."""
    return f"goldlane_{what}_{hashlib.sha256(table.name.encode()).hexdigest()[:16]}"


def definitions(table: FeatureTable, types: dict[str, str] | None = None) -> list[str]:
    """Column definitions; keys and the event time are never NULL."""
    required = (*table.keys, table.event_time)
    columns = (types_of(table) if types is None else types).items()
    return [f"{quoted(name)} {column_type(kind)}{' NOT NULL' if name in required else ''}" for name, kind in columns]


def create(connection: Connection[Any], table: FeatureTable) -> None:
    """An empty table of one row per key."""
    keys = ", ".join(map(quoted, table.keys))
    run(connection, f"CREATE TABLE {quoted(table.name)} ({', '.join(definitions(table))}, PRIMARY KEY ({keys}))")


def add_features(connection: Connection[Any], table: FeatureTable, previous: FeatureTable) -> None:
    """Add the columns that the declaration gained; rows that are there have NULL in them, also where the column was left from before."""
    name, present = quoted(table.name), dict(columns_of(connection, table.name))
    for feature in table.features:
        column, kind, left = quoted(feature.name), column_type(feature.type), present.get(feature.name)
        if left is not None and feature.name in previous.columns:
            continue
        if left == kind.partition(" COLLATE ")[0]:
            # Not dropped: somebody's view may read it.
            run(connection, f"UPDATE {name} SET {column} = NULL WHERE {column} IS NOT NULL")  # noqa: S608  identifiers
            continue
        if left is not None:
            run(connection, f"ALTER TABLE {name} DROP COLUMN {column}")
        run(connection, f"ALTER TABLE {name} ADD COLUMN {column} {kind}")


def columns_of(connection: Connection[Any], name: str) -> list[tuple[str, str]]:
    """Name and SQL type of each column; nothing when there is no such table in the store's schema."""
    statement = """
        SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute AS a
        JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relname = $1 AND n.nspname = current_schema() AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
    """
    return connection.execute(statement, (name,)).fetchall()


def undeclared(connection: Connection[Any], table: FeatureTable) -> list[tuple[str, str]]:
    """Columns in the store that the declaration does not have (any more)."""
    return [(name, kind) for name, kind in columns_of(connection, table.name) if name not in table.columns]


def swap(connection: Connection[Any], fresh: str, name: str) -> None:
    """``fresh``, with its primary key, becomes ``name``, and may be used by whoever could use the old one.

    Readers wait for these few statements, the last ones before the commit.
    """
    grants = [statement for (statement,) in connection.execute(_GRANTS, (name, quoted(fresh)))]
    for grant in grants:
        run(connection, grant)
    run(connection, f"DROP TABLE IF EXISTS {quoted(name)}")
    run(connection, f"ALTER TABLE {quoted(fresh)} RENAME TO {quoted(name)}")
    run(connection, f"ALTER TABLE {quoted(name)} RENAME CONSTRAINT {quoted(fresh + '_pkey')} TO {quoted(name + '_pkey')}")


def is_depended_on(connection: Connection[Any], name: str) -> bool:
    """Whether a view, a trigger, a policy or a publication hangs on the very table, so that another of its name is no replacement."""
    found = connection.execute(_DEPENDS, (name,)).fetchone()
    return found is not None and bool(found[0])


def add_primary_key(connection: Connection[Any], name: str, columns: Iterable[str]) -> None:
    """After the rows, which is faster than before them."""
    keys = ", ".join(map(quoted, columns))
    run(connection, f"ALTER TABLE {quoted(name)} ADD CONSTRAINT {quoted(name + '_pkey')} PRIMARY KEY ({keys})")


def run(connection: Connection[Any], statement: str) -> int:
    """A statement made of identifiers; how many rows it touched."""
    return connection.execute(statement).rowcount


def ask(connection: Connection[Any], statement: str) -> list[tuple[Any, ...]]:
    """The rows of a statement made of identifiers."""
    return connection.execute(statement).fetchall()


_OID = """(SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
           WHERE c.relname = $1 AND n.nspname = current_schema())"""
_GRANTS = f"""
    SELECT format('GRANT %s ON %s TO %s%s', a.privilege_type, $2::text,
                  CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                  CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM pg_class AS t, aclexplode(t.relacl) AS a WHERE t.oid = {_OID} AND a.grantee <> t.relowner
"""  # noqa: S608  a constant
_DEPENDS = f"""
    SELECT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.refobjid = {_OID}
                   AND d.classid IN ('pg_rewrite'::regclass, 'pg_trigger'::regclass, 'pg_policy'::regclass, 'pg_publication_rel'::regclass))
"""  # noqa: S608  a constant
