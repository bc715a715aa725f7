"""The PostgreSQL store for asyncio: the same questions, plans and answers as ``PostgresStore``, asked without a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from goldlane.features.online import postgres_sessions as sessions
from goldlane.features.online.postgres_errors import clear_errors
from goldlane.features.online.postgres_place import driver, read_place
from goldlane.features.online.postgres_questions import Question, Questions, Row, Statement
from goldlane.features.online.postgres_statements import Statements
from goldlane.features.online.store import Answer, Key, Name, Publication, Unknown

if TYPE_CHECKING:
    from psycopg import AsyncConnection
    from psycopg_pool import AsyncConnectionPool
    from typing_extensions import Self

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.feature_sets import FeatureSet

Result = TypeVar("Result")


class AsyncPostgresStore:
    """Reads a store that ``PostgresStore`` publishes. ``async with`` closes it; it belongs to the loop that first reads through it."""

    def __init__(self, url: str) -> None:
        self.place = read_place(url)
        self._questions = Questions(self.place.label)
        self._opened: AsyncConnectionPool[Any] | None = None
        self._opening = asyncio.Lock()
        self._errors = driver().Error

    def __repr__(self) -> str:
        return f"AsyncPostgresStore({self.place.label})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def lookup(self, table: FeatureTable | str, key: Key, unknown: Unknown = "raise", *, at: datetime | None = None) -> Answer:
        """See ``OnlineStore``."""
        return await self._answered(lambda: self._questions.one(table, key, unknown, at))

    async def lookup_many(
        self, table: FeatureTable | str, keys: Sequence[Key], unknown: Unknown = "raise", *, at: datetime | None = None
    ) -> list[Answer]:
        """See ``OnlineStore``."""
        return await self._answered(lambda: self._questions.many(table, keys, unknown, at))

    async def lookup_all(self, keys: Mapping[Name, Key], unknown: Unknown = "raise", *, at: datetime | None = None) -> dict[Name, Answer]:
        """See ``OnlineStore``."""
        return await self._answered(lambda: self._questions.all(keys, unknown, at))

    async def publications(self) -> tuple[Publication, ...]:
        """See ``OnlineStore``."""
        return tuple(entry.publication for entry in await self._answered(self._questions.entries))

    async def feature_sets(self) -> tuple[FeatureSet, ...]:
        """See ``OnlineStore``."""
        return await self._answered(self._questions.feature_sets)

    async def close(self) -> None:
        """See ``OnlineStore``."""
        pool, self._opened = self._opened, None
        if pool is not None:
            await pool.close()

    async def _answered(self, ask: Callable[[], Question[Result]]) -> Result:
        pool = self._opened or await self._pool()
        try:
            return await _asked(pool, ask())
        except self._errors as error:
            if not sessions.is_worth_a_retry(error):
                with clear_errors(self.place):
                    raise
        self._questions.forget_plans()
        if self._opened is pool:
            # Other tasks that failed with it go on with the next one, which works.
            await self.close()
        with clear_errors(self.place):
            return await _asked(self._opened or await self._pool(), ask())

    async def _pool(self) -> AsyncConnectionPool[Any]:
        """As in ``PostgresStore``: opened once the server let us in."""
        from psycopg_pool import AsyncConnectionPool

        async with self._opening:
            if self._opened is None:
                with clear_errors(self.place):
                    await (await driver().AsyncConnection.connect(self.place.conninfo)).close()
                    pool = AsyncConnectionPool(configure=_configure, **sessions.pool_options(self.place))
                    await pool.open()
                    self._opened = pool
            return self._opened


async def _asked(pool: AsyncConnectionPool[Any], question: Question[Result]) -> Result:
    connection = await pool.getconn()
    try:
        statement = next(question)
        while True:
            statement = question.send(await _rows(connection, statement))
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]  # what a generator returns has no type here
    finally:
        await pool.putconn(connection)


async def _configure(connection: AsyncConnection[Any]) -> None:
    await connection.execute(sessions.SETTINGS)
    sessions.read_times_as_numbers(connection.adapters)
    connection.statements = Statements(connection)  # type: ignore[attr-defined]  # ours, kept where it belongs


async def _rows(connection: Any, statement: Statement) -> list[Row]:
    text, parameters = statement
    try:
        return await connection.wait(connection.statements.ask(text, parameters))  # type: ignore[no-any-return]
    except Exception as error:
        if not sessions.cannot_be_sent(error):
            raise
    return await connection.wait(connection.statements.ask(text, sessions.without_unsendable(parameters)))  # type: ignore[no-any-return]
