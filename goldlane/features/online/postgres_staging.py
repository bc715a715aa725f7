"""Rows on their way into a store: copied into a table of their own first, and merged from there.

A few rows go through the publish's own connection and transaction. Many go through ADBC, which makes PostgreSQL's binary COPY of Arrow in
C, without a Python object per value, but through a connection of its own: what it wrote is committed before the transaction that merges
it; a publish that is killed in between leaves a table that nobody reads, and that the next publish of the table drops.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from goldlane.errors import MissingExtraError
from goldlane.features.online.postgres_errors import explained
from goldlane.features.online.postgres_place import Place
from goldlane.features.online.postgres_schema import run
from goldlane.features.online.values import quoted

if TYPE_CHECKING:
    import pyarrow as pa
    from psycopg import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Staging:
    """A table to copy rows into, with the definitions of its columns. Logged, it may become a table that is read."""

    name: str
    columns: Sequence[str]
    logged: bool = False

    @property
    def statements(self) -> tuple[str, ...]:
        """What makes it, whatever is left of an earlier one."""
        kind = "TABLE" if self.logged else "UNLOGGED TABLE"
        return f"DROP TABLE IF EXISTS {quoted(self.name)}", f"CREATE {kind} {quoted(self.name)} ({', '.join(self.columns)})"


FEW_ROWS = 20_000


def stage(connection: Connection[Any], place: Place, staging: Staging, batches: Iterable[pa.RecordBatch]) -> None:
    """The staging table holds ``batches`` and nothing else."""
    some, source = _beginning(batches)
    if source is None:
        for statement in staging.statements:
            run(connection, statement)
        with connection.cursor() as cursor, cursor.copy(_copy_statement(staging.name, some)) as copy:
            for batch in some:
                for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    copy.write_row(row)
        return
    with _session(place) as (session, cursor):
        for statement in staging.statements:
            cursor.execute(statement)
        _copy(cursor, staging.name, chain(some, source))
        session.commit()


def append(place: Place, name: str, batches: Iterable[pa.RecordBatch]) -> None:
    """More rows for a staged table, from any process that reaches the server; all of them, or none."""
    with _session(place) as (session, cursor):
        _copy(cursor, name, batches)
        session.commit()


def _copy_statement(name: str, batches: Sequence[pa.RecordBatch]) -> str:
    """Into the columns that the batches have; others, which the declaration lost, stay NULL."""
    columns = f" ({', '.join(map(quoted, batches[0].schema.names))})" if batches else ""
    return f"COPY {quoted(name)}{columns} FROM STDIN"


def _beginning(batches: Iterable[pa.RecordBatch]) -> tuple[list[pa.RecordBatch], Iterator[pa.RecordBatch] | None]:
    """The first rows, and the rest where these are not all."""
    source, some, count = iter(batches), [], 0
    for batch in source:
        some.append(batch)
        count += batch.num_rows
        if count > FEW_ROWS:
            return some, source
    return some, None


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
