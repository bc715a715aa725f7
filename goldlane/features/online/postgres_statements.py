"""The statements that a connection which reads has prepared, asked of libpq itself: a cursor costs more than the server does.

Every parameter is sent as text, which PostgreSQL reads as the type that the statement casts it to; rows come back binary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from psycopg import AsyncConnection, Connection
    from psycopg.abc import PQGen, Transformer

Row: TypeAlias = "tuple[Any, ...]"
Reading: TypeAlias = "Connection[Any] | AsyncConnection[Any]"
_MOST = 100


class Statements:
    """What one connection has prepared. ``ask`` is for ``Connection.wait``, or its like for asyncio, in one thread or task at a time."""

    def __init__(self, connection: Reading) -> None:
        from psycopg import adapt, errors, generators, pq

        self._libpq, self._encoding, self._pq, self._text = connection.pgconn, connection.info.encoding, pq, adapt.PyFormat.TEXT
        self._execute, self._error = generators.execute, errors.error_from_result
        self._values: Transformer = adapt.Transformer(connection)
        self._prepared: dict[str, bytes] = {}
        self._count = 0

    def ask(self, text: str, parameters: Sequence[Any]) -> PQGen[list[Row]]:
        """The rows of a statement; it is prepared the first time."""
        name = self._prepared.get(text) or (yield from self._prepare(text))
        values = self._values.dump_sequence(parameters, [self._text] * len(parameters))
        self._libpq.send_query_prepared(name, values, result_format=self._pq.Format.BINARY)
        (result,) = yield from self._execute(self._libpq)
        if result.status != self._pq.ExecStatus.TUPLES_OK:
            raise self._error(result, encoding=self._encoding)
        self._values.set_pgresult(result)
        return self._values.load_rows(0, result.ntuples, tuple)

    def _prepare(self, text: str) -> PQGen[bytes]:
        if len(self._prepared) >= _MOST:
            yield from self._forget_all()
        self._count += 1
        name = f"goldlane_{self._count}".encode()
        self._libpq.send_prepare(name, text.encode(self._encoding))
        (result,) = yield from self._execute(self._libpq)
        if result.status != self._pq.ExecStatus.COMMAND_OK:
            raise self._error(result, encoding=self._encoding)
        self._prepared[text] = name
        return name

    def _forget_all(self) -> PQGen[None]:
        """So that a reader of ever other tables does not fill the server's memory."""
        self._prepared.clear()
        self._libpq.send_query(b"DEALLOCATE ALL")
        yield from self._execute(self._libpq)
