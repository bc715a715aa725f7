"""The embedded store: one SQLite file in WAL mode, one typed row per key."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from goldlane.errors import UsageError
from goldlane.features.online.plans import Plan, absent, make_plan
from goldlane.features.online.sqlite_catalogue import all_entries, find_entry
from goldlane.features.online.sqlite_feature_sets import read_feature_sets, write_feature_sets
from goldlane.features.online.sqlite_files import claim, clear_errors, open_reader, open_writer, transaction
from goldlane.features.online.sqlite_statements import MOST_KEYS, MOST_TABLES, answers_to_all, answers_to_many
from goldlane.features.online.store import Answer, Key, Name, Publication, Unknown
from goldlane.features.online.values import read_time

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.feature_sets import FeatureSet
    from goldlane.features.online.store import TableWriter

Result = TypeVar("Result")


class SqliteStore:
    """An ``OnlineStore`` in a file. Each thread reads through a connection of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._plans: dict[str, Plan] = {}
        self._connections: dict[threading.Thread, sqlite3.Connection] = {}
        self._opening = threading.Lock()

    def lookup(self, table: FeatureTable | str, key: Key, unknown: Unknown = "raise", *, at: datetime | None = None) -> Answer:
        """See ``OnlineStore``."""
        return self._lookup(table if isinstance(table, str) else table.name, key, unknown, read_time(at))

    def lookup_many(
        self, table: FeatureTable | str, keys: Sequence[Key], unknown: Unknown = "raise", *, at: datetime | None = None
    ) -> list[Answer]:
        """See ``OnlineStore``."""
        return self._lookup_many(table if isinstance(table, str) else table.name, keys, unknown, read_time(at))

    def lookup_all(self, keys: Mapping[Name, Key], unknown: Unknown = "raise", *, at: datetime | None = None) -> dict[Name, Answer]:
        """See ``OnlineStore``."""
        now = read_time(at)
        names = [table if isinstance(table, str) else table.name for table in keys]
        plans = [plan for name in names if (plan := self._plans.get(name)) is not None and plan.tiles is None]
        if 0 < len(plans) == len(names) <= MOST_TABLES:
            answers = answers_to_all(self._reader(), plans, list(keys.values()), now, partial(absent, unknown=unknown))
            if answers is not None:
                return dict(zip(keys, answers, strict=True))
        return self._at_once(
            lambda: {table: self._lookup(name, keys[table], unknown, now) for table, name in zip(keys, names, strict=True)}
        )

    def publications(self) -> tuple[Publication, ...]:
        """See ``OnlineStore``."""
        with clear_errors(self.path):
            return tuple(entry.publication for entry in all_entries(self._reader()))

    def feature_sets(self) -> tuple[FeatureSet, ...]:
        """See ``OnlineStore``."""
        return self._at_once(lambda: read_feature_sets(self._reader()))

    def write_feature_sets(self, sets: Sequence[FeatureSet]) -> None:
        """See ``OnlineStore``."""
        with closing(open_writer(self.path)) as connection, transaction(connection, self.path):
            write_feature_sets(connection, sets)

    @contextmanager
    def publishing(self, table: FeatureTable) -> Iterator[TableWriter]:
        """See ``OnlineStore``."""
        from goldlane.features.online.sqlite_writer import SqliteWriter

        with closing(open_writer(self.path)) as connection, transaction(connection, self.path):
            yield SqliteWriter(connection, table)

    def claiming(self, table: FeatureTable) -> AbstractContextManager[None]:
        """See ``OnlineStore``."""
        return claim(self.path, table.name)

    def forget(self, table: FeatureTable | str, key: Key) -> bool:
        """See ``OnlineStore``."""
        from goldlane.features.online.sqlite_forgetting import forget

        plan = self._at_once(lambda: self._plan(table if isinstance(table, str) else table.name))
        return forget(self.path, plan.table, plan.parameters(key))

    def close(self) -> None:
        """See ``OnlineStore``."""
        with self._opening:
            self._local = threading.local()
            while self._connections:
                self._connections.popitem()[1].close()

    def _lookup_many(self, name: str, keys: Sequence[Key], unknown: Unknown, now: int) -> list[Answer]:
        plan = self._plans.get(name)
        if plan is None or plan.tiles is not None or not keys:
            return self._at_once(lambda: [self._lookup(name, key, unknown, now) for key in keys])
        if len(keys) > MOST_KEYS:
            parts = [keys[begin : begin + MOST_KEYS] for begin in range(0, len(keys), MOST_KEYS)]
            return self._at_once(lambda: [answer for part in parts for answer in self._lookup_many(name, part, unknown, now)])
        answers = answers_to_many(self._reader(), plan, keys, now, partial(absent, unknown=unknown))
        return self._at_once(lambda: [self._lookup(name, key, unknown, now) for key in keys]) if answers is None else answers

    def _lookup(self, name: str, key: Key, unknown: Unknown, now: int) -> Answer:
        plan = self._plans.get(name)
        if plan is not None and plan.tiles is None:
            try:
                row = self._reader().execute(plan.select, plan.parameters(key)).fetchone()
            except (sqlite3.Error, UnicodeEncodeError):
                row = None
            if row is not None and row[0] == plan.generation:
                return plan.answer(row, now)
        return self._carefully(name, key, unknown, now)

    def _carefully(self, name: str, key: Key, unknown: Unknown, now: int) -> Answer:
        """The lookup in one read transaction: the plan may be old, the key unknown, the file broken, the table one of tiles."""
        plan, answer = self._at_once(lambda: self._answer(name, key, now))
        return absent(plan, key, unknown) if answer is None else answer

    def _answer(self, name: str, key: Key, now: int) -> tuple[Plan, Answer | None]:
        plan, reader = self._plan(name), self._reader()
        parameters = plan.parameters(key)
        try:
            row = reader.execute(plan.select, parameters).fetchone()
        except UnicodeEncodeError:
            return plan, None
        answer = None if row is None else plan.answer(row, now)
        if answer is not None and plan.tiles is not None:
            answer = plan.tiles(answer, reader, parameters, now)
        return plan, answer

    def _plan(self, name: str) -> Plan:
        """The plan for the table as it is in the file now."""
        reader, plan = self._reader(), self._plans.get(name)
        row = reader.execute("SELECT generation FROM goldlane_tables WHERE name = ?", (name,)).fetchone()
        if row is not None and plan is not None and row[0] == plan.generation:
            return plan
        entry = find_entry(reader, name)
        if entry is None:
            self._plans.pop(name, None)
            known = [entry.publication.table.name for entry in all_entries(reader)]
            raise UsageError(f"{self.path} has no table {name!r}; it has {', '.join(known) or 'none yet'}")
        plan = self._plans[name] = make_plan(entry.publication.table, entry.generation)
        return plan

    def _at_once(self, read: Callable[[], Result]) -> Result:
        """``read`` inside one read transaction, the caller's if there is one."""
        with clear_errors(self.path):
            reader = self._reader()
            if reader.in_transaction:
                return read()
            reader.execute("BEGIN")
            try:
                return read()
            finally:
                reader.execute("ROLLBACK")

    def _reader(self) -> sqlite3.Connection:
        try:
            return self._local.reader  # type: ignore[no-any-return]  # a thread's locals have no types
        except AttributeError:
            with self._opening:
                # A thread tells nobody that it ends, and its connection would stay open as long as the store.
                for ended in [thread for thread in self._connections if not thread.is_alive()]:
                    self._connections.pop(ended).close()
                reader = self._local.reader = self._connections[threading.current_thread()] = open_reader(self.path)
            return reader
