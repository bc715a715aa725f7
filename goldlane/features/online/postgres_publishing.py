"""A publish to PostgreSQL: one transaction, one publisher per table, and nothing of a failed one left behind."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from goldlane.features.online import postgres_feature_sets
from goldlane.features.online import postgres_forgetting as forgetting
from goldlane.features.online import postgres_schema as schema
from goldlane.features.online.postgres_catalogue import EXISTS, MAKE, check_format
from goldlane.features.online.postgres_errors import WAIT_S, clear_errors
from goldlane.features.online.postgres_place import Place, driver
from goldlane.features.online.postgres_sessions import read_times_as_numbers
from goldlane.features.online.postgres_writer import PostgresWriter
from goldlane.features.online.store import ClaimedError
from goldlane.features.online.values import quoted

if TYPE_CHECKING:
    from psycopg import Connection

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.feature_sets import FeatureSet

_LOG = logging.getLogger(__name__)
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('goldlane ' || current_schema() || ' ' || $1::text, 0))"
_CLAIMED = "hashtextextended('goldlane claim ' || current_schema() || ' ' || $1::text, 0)"
_CLAIM = f"SELECT pg_try_advisory_lock({_CLAIMED})"
_CLAIMED_BY = f"""
SELECT replace(a.application_name, 'goldlane ', ''), coalesce(host(a.client_addr), 'this machine') FROM pg_locks AS l
JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND (l.classid::bigint << 32) | l.objid::bigint = {_CLAIMED}
"""  # noqa: S608  constants
_STAGED = ("rows", "keys", "tiles")


@contextmanager
def publishing(place: Place, table: FeatureTable) -> Iterator[PostgresWriter]:
    """A writer of ``table``; what it did becomes visible at the end, all at once."""
    schema.check_names(table)
    with clear_errors(place), _connected(place) as connection:
        _make_catalogue(connection, place)
        try:
            with locked(connection, table.name):
                yield PostgresWriter(connection, place, table)
        except BaseException:
            _drop_staged(connection, table)
            raise


@contextmanager
def claim(place: Place, table: FeatureTable) -> Iterator[None]:
    """The right to publish ``table`` continuously: a lock of a session, which ends with the process, however that ends."""
    with clear_errors(place), _connected(place) as connection:
        connection.execute("SELECT set_config('application_name', $1, false)", (f"goldlane process {os.getpid()}",))
        ((is_ours,),) = connection.execute(_CLAIM, (table.name,)).fetchall()
        if not is_ours:
            owners = connection.execute(_CLAIMED_BY, (table.name,)).fetchall()
            owner = f"{owners[0][0]} on {owners[0][1]}" if owners else "another process"
            raise ClaimedError(table.name, place.label, owner)
        yield


def forget(place: Place, table: FeatureTable, key: tuple[object, ...]) -> bool:
    """See ``OnlineStore``; ``key`` as SQLite keeps it."""
    with clear_errors(place), _connected(place) as connection:
        with locked(connection, ""):
            forgetting.make(connection)
        with locked(connection, table.name):
            found = forgetting.forget(connection, table, key)
        forgetting.vacuum(connection, table)
    return found


def write_feature_sets(place: Place, sets: Sequence[FeatureSet]) -> None:
    """See ``OnlineStore``."""
    with clear_errors(place), _connected(place) as connection:
        _make_catalogue(connection, place)
        with locked(connection, ""):
            postgres_feature_sets.write_feature_sets(connection, sets)


@contextmanager
def locked(connection: Connection[Any], name: str) -> Iterator[None]:
    """A transaction that waits until nobody else writes the table ``name``; without a name, the store's own tables."""
    with connection.transaction():
        connection.execute(_LOCK, (name,))
        yield


@contextmanager
def _connected(place: Place) -> Iterator[Connection[Any]]:
    psycopg = driver()
    with psycopg.connect(place.conninfo, autocommit=True, cursor_factory=psycopg.RawCursor) as connection:
        read_times_as_numbers(connection.adapters)
        connection.execute(f"SET lock_timeout = '{WAIT_S}s'")
        # Of a publisher that was killed the server hears at once, not when a long statement is done.
        connection.execute("SELECT set_config(name, '2s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'")
        yield connection


def _make_catalogue(connection: Connection[Any], place: Place) -> None:
    """Before the publish, as two that make it at once would be in each other's way."""
    found = connection.execute(EXISTS).fetchone()
    if found is not None:
        check_format(found[0], place.label)
        return
    with locked(connection, ""):
        if connection.execute(EXISTS).fetchone() is None:
            for statement in MAKE.split(";"):
                connection.execute(statement)


def _drop_staged(connection: Connection[Any], table: FeatureTable) -> None:
    """Best effort: the next publish drops what is left."""
    try:
        for what in _STAGED:
            schema.run(connection, f"DROP TABLE IF EXISTS {quoted(schema.staging_name(table, what))}")
    except driver().Error as error:
        _LOG.debug("staged rows of %s stay until it is published again: %s", table.name, type(error).__name__)
