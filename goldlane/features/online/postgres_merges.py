"""The statements that bring staged rows into a published table. Only identifiers are put into their text."""

# ruff: noqa: S608  identifiers only

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from goldlane.features.online.shapes import TOMBSTONES, same_key
from goldlane.features.online.values import quoted

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable


def newest(table: FeatureTable, staged: str) -> str:
    """Of the staged rows of each key the newest, and among rows of one time the greatest."""
    keys = ", ".join(map(quoted, table.keys))
    return f"SELECT DISTINCT ON ({keys}) {columns(table)} FROM {quoted(staged)} ORDER BY {keys}, {_newest_first(table)}"


def delete_older(table: FeatureTable, staged: str) -> str:
    """What ``newest`` leaves out, deleted."""
    keys = ", ".join(map(quoted, table.keys))
    several = f"SELECT {keys} FROM {quoted(staged)} GROUP BY {keys} HAVING count(*) > 1"
    ranked = (
        f"SELECT ctid AS place, row_number() OVER (PARTITION BY {keys} ORDER BY {_newest_first(table)}) AS rank "
        f"FROM {quoted(staged)} WHERE ({keys}) IN ({several})"
    )
    return f"DELETE FROM {quoted(staged)} WHERE ctid IN (SELECT place FROM ({ranked}) AS ranked WHERE rank > 1)"


def merge(table: FeatureTable, staged: str, lost: Sequence[str], *, guarded: bool) -> str:
    """Staged rows into the published table; the answer is how many were written, and how many of them have new keys.

    Columns that are no longer declared hold NULL: no old value ever stands beside new ones. Guarded, an older event never overwrites a
    newer one, and no event brings a deleted entity back that is not later than the deleted row.
    """
    name, at = quoted(table.name), quoted(table.event_time)
    values = table.columns[len(table.keys) :]
    sets = ", ".join([*(f"{quoted(value)} = excluded.{quoted(value)}" for value in values), *(f"{quoted(value)} = NULL" for value in lost)])
    alive = f"NOT EXISTS (SELECT 1 FROM {tombstones(table)} AS d WHERE {same_key(table, 'd', 'fresh')} AND d.{at} >= fresh.{at})"
    insert = (
        f"INSERT INTO {name} AS t ({columns(table)}) SELECT {columns(table)} FROM ({newest(table, staged)}) AS fresh "
        f"{f'WHERE {alive} ' if guarded else ''}ON CONFLICT ({', '.join(map(quoted, table.keys))}) DO UPDATE SET {sets}"
        f"{f' WHERE excluded.{at} >= t.{at}' if guarded else ''}"
    )
    # A row version that replaces none was deleted or locked by nobody.
    return f"WITH merged AS ({insert} RETURNING t.xmax = 0 AS added) SELECT count(*), count(*) FILTER (WHERE added) FROM merged"


def overwrite(table: FeatureTable, staged: str) -> tuple[str, str]:
    """The rows of a table that must stay the very table: all out, all in; readers see the old ones until the commit."""
    return f"DELETE FROM {quoted(table.name)}", f"INSERT INTO {quoted(table.name)} ({columns(table)}) {newest(table, staged)}"


def keep_tombstones(table: FeatureTable, key_definitions: Sequence[str]) -> str:
    """A place for tombstones: the key, the event time of the deleted row, and when it was deleted."""
    keys = ", ".join(map(quoted, table.keys))
    times = f'{quoted(table.event_time)} timestamptz NOT NULL, "deleted_at" timestamptz NOT NULL DEFAULT now()'
    return f"CREATE TABLE IF NOT EXISTS {tombstones(table)} ({', '.join(key_definitions)}, {times}, PRIMARY KEY ({keys}))"


def bury(table: FeatureTable, condition: str) -> str:
    """A tombstone for each row ``t`` that meets ``condition`` and is about to be deleted."""
    names = ", ".join(map(quoted, (*table.keys, table.event_time)))
    at = quoted(table.event_time)
    return (
        f"INSERT INTO {tombstones(table)} ({names}) SELECT {names} FROM {quoted(table.name)} AS t WHERE {condition} "
        f"ON CONFLICT ({', '.join(map(quoted, table.keys))}) DO UPDATE SET {at} = excluded.{at}, deleted_at = excluded.deleted_at"
    )


def purge(table: FeatureTable) -> str:
    """Tombstones go of what was deleted before the parameter."""
    return f"DELETE FROM {tombstones(table)} WHERE deleted_at < $1"


def exhume(table: FeatureTable, *places: str) -> str:
    """Tombstones go of keys that are in all of these tables."""
    present = " AND ".join(f"EXISTS (SELECT 1 FROM {quoted(place)} AS o WHERE {same_key(table, 'o', 'd')})" for place in places)
    return f"DELETE FROM {tombstones(table)} AS d WHERE {present}"


def drop_present(table: FeatureTable, keys: str, rows: str) -> str:
    """Of the staged ``keys``, those that are not among the staged ``rows`` stay."""
    return f"DELETE FROM {quoted(keys)} AS t WHERE {among(table, rows)}"


def absent_from(table: FeatureTable, staged: str) -> str:
    """Whether a row ``t`` has a key that is not staged."""
    return f"NOT EXISTS (SELECT 1 FROM {quoted(staged)} AS o WHERE {same_key(table, 'o', 't')})"


def among(table: FeatureTable, staged: str) -> str:
    """Whether a row ``t`` has a key that is staged."""
    return f"EXISTS (SELECT 1 FROM {quoted(staged)} AS o WHERE {same_key(table, 'o', 't')})"


def tombstones(table: FeatureTable) -> str:
    """The name of a table's tombstones in SQL."""
    return quoted(table.name + TOMBSTONES)


def columns(table: FeatureTable) -> str:
    """The declared columns, as a list."""
    return ", ".join(map(quoted, table.columns))


def _newest_first(table: FeatureTable) -> str:
    features = (f"{quoted(feature.name)} DESC NULLS LAST" for feature in table.features)
    return ", ".join([f"{quoted(table.event_time)} DESC", *features])
