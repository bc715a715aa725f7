"""Rows on their way into a store: copied into a table of their own first, by a transaction of its own.

ADBC makes PostgreSQL's binary COPY of Arrow in C, without a Python object per value. It speaks to the server through a connection of its
own, so what it wrote is committed before the one transaction that merges it; a publish that is killed in between leaves a table that
nobody reads, and that the next publish of the table drops.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from goldlane.errors import MissingExtraError
from goldlane.features.online.postgres_errors import explained
from goldlane.features.online.postgres_place import Place
from goldlane.features.online.values import quoted

if TYPE_CHECKING:
    import pyarrow as pa


def stage(place: Place, name: str, columns: Sequence[str], batches: Iterable[pa.RecordBatch] = (), *, logged: bool = False) -> None:
    """The table ``name`` of ``columns`` (definitions) holds ``batches`` and nothing else. Logged, it may become a table that is read."""
    kind = "TABLE" if logged else "UNLOGGED TABLE"
    with _session(place) as (connection, cursor):
        cursor.execute(f"DROP TABLE IF EXISTS {quoted(name)}")
        cursor.execute(f"CREATE {kind} {quoted(name)} ({', '.join(columns)})")
        _copy(cursor, name, batches)
        connection.commit()


def append(place: Place, name: str, batches: Iterable[pa.RecordBatch]) -> None:
    """More rows for a staged table, from any process that reaches the server."""
    with _session(place) as (connection, cursor):
        _copy(cursor, name, batches)
        connection.commit()


@contextmanager
def _session(place: Place) -> Iterator[tuple[Any, Any]]:
    try:
        from adbc_driver_manager import Error
        from adbc_driver_postgresql import dbapi  # type: ignore[import-untyped]  # it ships no types
    except ImportError as missing:
        raise MissingExtraError("postgres", needed_for="publishing to PostgreSQL") from missing
    try:
        with dbapi.connect(place.conninfo) as connection, connection.cursor() as cursor:
            yield connection, cursor
    except Error as error:
        raise explained(error, place) from None


def _copy(cursor: Any, name: str, batches: Iterable[pa.RecordBatch]) -> None:
    import pyarrow as pa

    source = _Source(batches)
    if source.schema is None:
        return
    try:
        cursor.adbc_ingest(name, pa.RecordBatchReader.from_batches(source.schema, source), mode="append")
    finally:
        # ADBC knows only that its source failed, not how.
        if source.failure is not None:
            raise source.failure


class _Source:
    """Batches, and the error that ended them, which does not survive its way through ADBC."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._batches = iter(batches)
        self._first = next(self._batches, None)
        self.schema = None if self._first is None else self._first.schema
        self.failure: BaseException | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            if self._first is not None:
                yield self._first
            self._first = None
            yield from self._batches
        except BaseException as error:
            self.failure = error
            raise
