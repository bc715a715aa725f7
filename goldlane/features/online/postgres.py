"""The production store: a schema of a PostgreSQL database, one typed row per key."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from goldlane.features.online import postgres_sessions as sessions
from goldlane.features.online.postgres_errors import clear_errors
from goldlane.features.online.postgres_place import driver, read_place
from goldlane.features.online.postgres_questions import Question, Questions, Row, Statement
from goldlane.features.online.postgres_readers import Readers
from goldlane.features.online.postgres_statements import Statements
from goldlane.features.online.store import Answer, Key, Name, Publication, Unknown
from goldlane.features.online.values import read_time

if TYPE_CHECKING:
    from psycopg import Connection

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.feature_sets import FeatureSet
    from goldlane.features.online.store import TableWriter

Result = TypeVar("Result")


class PostgresStore:
    """An ``OnlineStore`` in the first schema of the URL's search path. Threads share a pool of connections; each lookup is one statement.

    After the server was restarted the next lookup connects again by itself.
    """

    def __init__(self, url: str) -> None:
        self.place = read_place(url)
        self._questions = Questions(self.place.label)
        self._opened: Readers | None = None
        self._opening = threading.Lock()
        self._errors = driver().Error

    def __repr__(self) -> str:
        return f"PostgresStore({self.place.label})"

    def lookup(self, table: FeatureTable | str, key: Key, unknown: Unknown = "raise", *, at: datetime | None = None) -> Answer:
        """See ``OnlineStore``."""
        answer = self._at_once(table, key, at)
        return self._answered(lambda: self._questions.one(table, key, unknown, at)) if answer is None else answer

    def lookup_many(
        self, table: FeatureTable | str, keys: Sequence[Key], unknown: Unknown = "raise", *, at: datetime | None = None
    ) -> list[Answer]:
        """See ``OnlineStore``."""
        return self._answered(lambda: self._questions.many(table, keys, unknown, at))

    def lookup_all(self, keys: Mapping[Name, Key], unknown: Unknown = "raise", *, at: datetime | None = None) -> dict[Name, Answer]:
        """See ``OnlineStore``."""
        return self._answered(lambda: self._questions.all(keys, unknown, at))

    def publications(self) -> tuple[Publication, ...]:
        """See ``OnlineStore``."""
        return tuple(entry.publication for entry in self._answered(self._questions.entries))

    def feature_sets(self) -> tuple[FeatureSet, ...]:
        """See ``OnlineStore``."""
        return self._answered(self._questions.feature_sets)

    def write_feature_sets(self, sets: Sequence[FeatureSet]) -> None:
        """See ``OnlineStore``."""
        from goldlane.features.online.postgres_publishing import write_feature_sets

        write_feature_sets(self.place, sets)

    @contextmanager
    def publishing(self, table: FeatureTable) -> Iterator[TableWriter]:
        """See ``OnlineStore``."""
        from goldlane.features.online.postgres_publishing import publishing

        with publishing(self.place, table) as writer:
            yield writer

    def claiming(self, table: FeatureTable) -> AbstractContextManager[None]:
        """See ``OnlineStore``."""
        from goldlane.features.online.postgres_publishing import claim

        return claim(self.place, table)

    def forget(self, table: FeatureTable | str, key: Key) -> bool:
        """See ``OnlineStore``."""
        from goldlane.features.online.postgres_publishing import forget

        plan = self._answered(lambda: self._questions.plan(table))
        return forget(self.place, plan.table, plan.stored_key(key))

    def close(self) -> None:
        """See ``OnlineStore``."""
        with self._opening:
            readers, self._opened = self._opened, None
        if readers is not None:
            readers.close()

    def _at_once(self, table: FeatureTable | str, key: Key, at: datetime | None) -> Answer | None:
        """The lookup as it goes nearly always. None where it takes more: a plan, a connection, a second try, an unknown key."""
        readers, plan = self._opened, self._questions.known(table)
        if readers is None or plan is None:
            return None
        now = read_time(at)
        parameters = (*plan.parameters(key), *plan.read_parameters(now))
        connection = readers.at_hand()
        if connection is None:
            return None
        try:
            (row,) = connection.wait(connection.statements.ask(plan.select_one, parameters))  # type: ignore[attr-defined]  # see _configure
        except (self._errors, ValueError):
            return None
        finally:
            readers.give(connection)
        return plan.finish(row, now) if row[0] == plan.generation and row[1] is not None else None

    def _answered(self, ask: Callable[[], Question[Result]]) -> Result:
        readers = self._opened or self._readers()
        try:
            return _asked(readers, ask())
        except self._errors as error:
            if not sessions.is_worth_a_retry(error):
                with clear_errors(self.place):
                    raise
        self._start_over(readers)
        with clear_errors(self.place):
            return _asked(self._opened or self._readers(), ask())

    def _readers(self) -> Readers:
        """Opened once the server let us in: a pool alone would try for long and not say why."""
        from psycopg_pool import ConnectionPool

        with self._opening:
            if self._opened is None:
                with clear_errors(self.place):
                    driver().connect(self.place.conninfo).close()
                    pool = ConnectionPool(configure=_configure, **sessions.pool_options(self.place))
                    pool.open()
                    self._opened = Readers(pool)
            return self._opened

    def _start_over(self, failed: Readers) -> None:
        """Nothing that was known of the server or its tables is taken for true any more.

        Of several threads that failed with one pool the first closes it; the others go on with the next one, which works.
        """
        self._questions.forget_plans()
        with self._opening:
            if self._opened is not failed:
                return
            self._opened = None
        failed.close()


def _asked(readers: Readers, question: Question[Result]) -> Result:
    connection = readers.take()
    try:
        statement = next(question)
        while True:
            statement = question.send(_rows(connection, statement))
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]  # what a generator returns has no type here
    finally:
        readers.give(connection)


def _configure(connection: Connection[Any]) -> None:
    connection.execute(sessions.SETTINGS)
    sessions.read_times_as_numbers(connection.adapters)
    connection.statements = Statements(connection)  # type: ignore[attr-defined]  # ours, kept where it belongs


def _rows(connection: Any, statement: Statement) -> list[Row]:
    text, parameters = statement
    try:
        return connection.wait(connection.statements.ask(text, parameters))  # type: ignore[no-any-return]
    except Exception as error:
        if not sessions.cannot_be_sent(error):
            raise
    return connection.wait(connection.statements.ask(text, sessions.without_unsendable(parameters)))  # type: ignore[no-any-return]
