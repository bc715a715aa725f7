"""One SQLite file: opened for reading, opened for writing, and its errors in clear words."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from pathlib import Path

from goldlane.errors import GoldlaneError, UsageError
from goldlane.features.online.store import ClaimedError, StoreError
from goldlane.filelocks import file_lock

FORMAT = 1
# Orders decimals, which are kept as text, as numbers.
DECIMAL_ORDER = "goldlane_decimal"
_WAIT_S = 120.0
_TABLES = """
CREATE TABLE IF NOT EXISTS goldlane_tables (
    name TEXT NOT NULL PRIMARY KEY,
    generation INTEGER NOT NULL,
    version INTEGER,
    source_id TEXT,
    published_at INTEGER NOT NULL,
    declaration TEXT NOT NULL,
    catalogue TEXT
) WITHOUT ROWID
"""


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write. Other threads may close it, but only one reads through it."""
    if not path.exists():
        raise UsageError(f"there is no store at {path}", hint="goldlane publish makes it")
    with clear_errors(path):
        # Not mode=ro: in WAL even a reader has to create the -shm file when it is the first.
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=_WAIT_S, check_same_thread=False
        )
        connection.execute("PRAGMA query_only = 1")
        connection.execute("PRAGMA cache_size = -16384")
        _check_format(connection, path)
    return connection


def open_writer(path: Path) -> sqlite3.Connection:
    """A connection that publishes; the file and its folders are made where they are missing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"the store's folder {path.parent} cannot be made: {error.strerror}") from error
    with clear_errors(path):
        connection = sqlite3.connect(path, isolation_level=None, timeout=_WAIT_S)
        try:
            _check_format(connection, path)
            _use_wal(connection)
            # In WAL, NORMAL may lose the last commits in a power cut but never half of one, and the published version goes with them.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA cache_size = -65536")
            connection.execute("PRAGMA journal_size_limit = 67108864")
            connection.create_collation(DECIMAL_ORDER, _compare_decimals)
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """All or nothing, one writer at a time; the store's own tables are there from its first line on."""
    with clear_errors(path):
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(_TABLES)
            connection.execute(f"PRAGMA user_version = {FORMAT}")
            yield
            connection.execute("COMMIT")
        except BaseException:
            # A full disk makes SQLite roll back by itself.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def claim(path: Path, name: str) -> AbstractContextManager[None]:
    """The right to publish ``name`` continuously, in a file beside the store."""
    return file_lock(path.with_name(f"{path.name}-{name}.claim"), lambda owner: ClaimedError(name, path, owner))


@contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """SQLite's errors as one line that names the file and the next step."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explained(error, path) from error


def _compare_decimals(one: str, other: str) -> int:
    left, right = Decimal(one), Decimal(other)
    return (left > right) - (left < right)


def _use_wal(connection: sqlite3.Connection) -> None:
    """Of two that make a file at once one is told that it is locked, without the wait that any other statement grants."""
    deadline = time.monotonic() + _WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _explained(error: sqlite3.Error, path: Path) -> GoldlaneError:
    text = str(error)
    if "no such table: goldlane_tables" in text:
        return UsageError(f"{path} holds no published table", hint="goldlane publish fills it")
    if "not a database" in text or "malformed" in text or "file is encrypted" in text:
        return UsageError(
            f"{path} is not a SQLite file, or is damaged: {text}", hint="name another file, or remove this one and publish again"
        )
    if "unable to open" in text or "readonly" in text:
        return UsageError(f"{path} cannot be opened: {text}", hint="it must be a file, and its folder must be writable")
    if "locked" in text or "busy" in text:
        return StoreError(f"{path} is held by another publisher for more than {_WAIT_S:.0f} s", hint="wait for it to end")
    if "full" in text:
        return StoreError(f"{path}: the disk is full; the store is as it was", hint="make room and publish again")
    return StoreError(f"{path}: {text}")


def _check_format(connection: sqlite3.Connection, path: Path) -> None:
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > FORMAT:
        raise UsageError(
            f"{path} was written by a newer Goldlane (format {found}, this one knows {FORMAT})", hint="pip install -U goldlane"
        )
