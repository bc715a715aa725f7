"""A store that writes a sample of its answers down while it answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from goldlane.features.online.answer_documents import Read
from goldlane.features.online.answer_log import AnswerLog
from goldlane.features.online.store import Answer, FeatureNotFoundError, Key, Publication, Unknown
from goldlane.features.online.values import microseconds_of

if TYPE_CHECKING:
    from typing_extensions import Self

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online.store import Name, OnlineStore, TableWriter

Asked: TypeAlias = "tuple[FeatureTable | str, Key, int]"


class LoggedStore:
    """An ``OnlineStore`` as it was, whose lookups are also sampled into ``answers``. Everything else goes to the store itself."""

    def __init__(self, store: OnlineStore, answers: AnswerLog) -> None:
        self.store, self.answers = store, answers
        self._begin, self._lookup = answers.begin, store.lookup

    def lookup(self, table: FeatureTable | str, key: Key, unknown: Unknown = "raise", *, at: datetime | None = None) -> Answer:
        """See ``OnlineStore``."""
        begun = self._begin(key)
        if not begun:
            return self._lookup(table, key, unknown, at=at)
        notes = Notes(self.answers, [(table, key, begun)], at)
        with notes:
            answer = self._lookup(table, key, unknown, at=at)
        notes.take([answer])
        return answer

    def lookup_many(
        self, table: FeatureTable | str, keys: Sequence[Key], unknown: Unknown = "raise", *, at: datetime | None = None
    ) -> list[Answer]:
        """See ``OnlineStore``."""
        chosen = [(number, begun) for number, key in enumerate(keys) if (begun := self._begin(key))]
        notes = Notes(self.answers, [(table, keys[number], begun) for number, begun in chosen], at)
        with notes:
            answers = self.store.lookup_many(table, keys, unknown, at=at)
        notes.take(answers[number] for number, _ in chosen)
        return answers

    def lookup_all(self, keys: Mapping[Name, Key], unknown: Unknown = "raise", *, at: datetime | None = None) -> dict[Name, Answer]:
        """See ``OnlineStore``."""
        asked = [(table, key, begun) for table, key in keys.items() if (begun := self._begin(key))]
        notes = Notes(self.answers, asked, at)
        with notes:
            answers = self.store.lookup_all(keys, unknown, at=at)
        notes.take(answers[table] for table, _, _ in asked)
        return answers

    def publications(self) -> tuple[Publication, ...]:
        """See ``OnlineStore``."""
        return self.store.publications()

    def publishing(self, table: FeatureTable) -> AbstractContextManager[TableWriter]:
        """See ``OnlineStore``."""
        return self.store.publishing(table)

    def close(self) -> None:
        """Write the last answers down, then let the store's connections go."""
        self.answers.close()
        self.store.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


class AsyncLoggedStore:
    """An asyncio store as it was, whose lookups are also sampled into ``answers``. Everything else goes to the store itself.

    ``watched`` is what the log asks for publications; it is closed with the store.
    """

    def __init__(self, store: Any, answers: AnswerLog, watched: OnlineStore | None = None) -> None:
        self.store, self.answers, self._watched = store, answers, watched

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def lookup(self, table: FeatureTable | str, key: Key, unknown: Unknown = "raise", *, at: datetime | None = None) -> Answer:
        """See ``OnlineStore``."""
        await self._prepared()
        begun = self.answers.begin(key)
        notes = Notes(self.answers, [(table, key, begun)] if begun else [], at)
        with notes:
            answer: Answer = await self.store.lookup(table, key, unknown, at=at)
        notes.take([answer] if begun else [])
        return answer

    async def lookup_many(
        self, table: FeatureTable | str, keys: Sequence[Key], unknown: Unknown = "raise", *, at: datetime | None = None
    ) -> list[Answer]:
        """See ``OnlineStore``."""
        await self._prepared()
        chosen = [(number, begun) for number, key in enumerate(keys) if (begun := self.answers.begin(key))]
        notes = Notes(self.answers, [(table, keys[number], begun) for number, begun in chosen], at)
        with notes:
            answers: list[Answer] = await self.store.lookup_many(table, keys, unknown, at=at)
        notes.take(answers[number] for number, _ in chosen)
        return answers

    async def lookup_all(self, keys: Mapping[Name, Key], unknown: Unknown = "raise", *, at: datetime | None = None) -> dict[Name, Answer]:
        """See ``OnlineStore``."""
        await self._prepared()
        asked = [(table, key, begun) for table, key in keys.items() if (begun := self.answers.begin(key))]
        notes = Notes(self.answers, asked, at)
        with notes:
            answers: dict[Name, Answer] = await self.store.lookup_all(keys, unknown, at=at)
        notes.take(answers[table] for table, _, _ in asked)
        return answers

    async def close(self) -> None:
        """Write the last answers down, then let the store's connections go."""
        await asyncio.to_thread(self._close_answers)
        await self.store.close()

    async def _prepared(self) -> None:
        """The log asks the store in a thread: the loop goes on."""
        if not self.answers.is_prepared:
            await asyncio.to_thread(self.answers.prepare)

    def _close_answers(self) -> None:
        self.answers.close()
        if self._watched is not None:
            self._watched.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


class Notes:
    """The sampled reads of one call, each with the monotonic clock at its beginning. Around the call, it logs an unknown key's error."""

    def __init__(self, log: AnswerLog, asked: Sequence[Asked], at: datetime | None) -> None:
        self._log, self._asked, self._at = log, asked, at
        self._read_at = time.time_ns() // 1000

    def __enter__(self) -> None:
        """Nothing is known yet."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(error, FeatureNotFoundError):
            for table, key, begun in self._asked:
                if (_name(table), key) == (error.table, error.key):
                    self._take(table, key, begun, None)

    def take(self, answers: Iterable[Answer]) -> None:
        """Log the answers, one for each read."""
        for (table, key, begun), answer in zip(self._asked, answers, strict=True):
            self._take(table, key, begun, answer)

    def _take(self, table: FeatureTable | str, key: Key, begun: int, answer: Answer | None) -> None:
        # The caller owns the answer and may change it before it is written down.
        kept = None if answer is None else replace(answer, features=dict(answer.features))
        moment = self._moment(answer)
        self._log.take(Read(table=_name(table), key=dict(key), answer=kept, at=moment, read_at=self._read_at, begun=begun))

    def _moment(self, answer: Answer | None) -> int:
        """The instant that was asked about, to the microsecond: the store's own clock reading is in the age it told."""
        if self._at is not None:
            return microseconds_of(self._at)
        if answer is None or answer.as_of is None or answer.age_s is None:
            return self._read_at
        return microseconds_of(answer.as_of) + round(answer.age_s * 1e6)


def _name(table: FeatureTable | str) -> str:
    return table if isinstance(table, str) else table.name
