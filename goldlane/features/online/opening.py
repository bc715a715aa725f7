"""From a URL to a store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import UsageError
from goldlane.features.online.sqlite import SqliteStore
from goldlane.features.online.urls import masked

if TYPE_CHECKING:
    from goldlane.features.online.logged import AsyncLoggedStore, LoggedStore
    from goldlane.features.online.postgres_async import AsyncPostgresStore
    from goldlane.features.online.store import OnlineStore

_SQLITE = "sqlite:///"
_POSTGRES = ("postgresql://", "postgres://")
_DATABRICKS = "databricks://"
_FORMS = (
    "a store's URL is sqlite:///file.db (from the working folder), sqlite:////absolute/file.db, postgresql://user@host/database "
    "or databricks://profile/catalog.schema?instance=lakebase"
)


def open_store(url: str, *, folder: str | Path | None = None, answers: str | Path | None = None, sample: float = 0.01) -> OnlineStore:
    """The store behind ``url``; nothing is touched before the first read or publish.

    A relative path starts at ``folder``, which is the working folder unless it is given. With ``answers``, a folder, the answers for
    ``sample`` of all keys are logged there, to be replayed; closing the store writes the last of them down.

    Raises:
        UsageError: no store has such a URL, or the answers' folder cannot be one.
        MissingExtraError: what speaks to such a store is not installed.
    """
    store = _store_of(url, folder)
    return store if answers is None else with_answers_logged(store, answers, sample)


def open_async_store(url: str) -> AsyncPostgresStore:
    """The PostgreSQL store behind ``url``, for asyncio: ``lookup``, ``lookup_many`` and ``lookup_all`` are awaited, the answers the same.

    ``with_async_answers_logged`` logs a sample of them.

    Raises:
        UsageError: there is no such store for asyncio.
        MissingExtraError: psycopg is not installed.
    """
    if not isinstance(url, str) or not url.startswith(_POSTGRES):
        raise UsageError(
            f"{masked(url)!r} is no store that asyncio can wait for", hint="postgresql://user@host/database; a SQLite lookup does not wait"
        )
    from goldlane.features.online.postgres_async import AsyncPostgresStore

    return AsyncPostgresStore(url)


def with_answers_logged(store: OnlineStore, answers: str | Path, sample: float = 0.01) -> LoggedStore:
    """``store``, with the answers for ``sample`` of all keys logged in the folder ``answers``."""
    from goldlane.features.online.answer_log import AnswerLog
    from goldlane.features.online.logged import LoggedStore

    return LoggedStore(store, AnswerLog(Path(answers), sample, store.publications))


def with_async_answers_logged(url: str, answers: str | Path, sample: float = 0.01) -> AsyncLoggedStore:
    """The store of ``open_async_store(url)``, with the answers for ``sample`` of all keys logged in the folder ``answers``."""
    from goldlane.features.online.answer_log import AnswerLog
    from goldlane.features.online.logged import AsyncLoggedStore

    # The log's own thread waits for nobody: it asks for publications through a store of its own.
    watched = _store_of(url, None)
    return AsyncLoggedStore(open_async_store(url), AnswerLog(Path(answers), sample, watched.publications), watched)


def _store_of(url: str, folder: str | Path | None) -> OnlineStore:
    if isinstance(url, str) and url.startswith(_POSTGRES):
        from goldlane.features.online.postgres import PostgresStore

        return PostgresStore(url)
    if isinstance(url, str) and url.startswith(_DATABRICKS):
        from goldlane.features.online.databricks import DatabricksStore
        from goldlane.features.online.databricks_place import place_of

        return DatabricksStore(place_of(url))
    if not isinstance(url, str) or not url.startswith(_SQLITE):
        raise UsageError(f"{masked(url)!r} is no store that Goldlane can open", hint=_FORMS)
    path = url.removeprefix(_SQLITE)
    if not path or "\0" in path:
        raise UsageError(f"{masked(url)!r} names no file", hint=_FORMS)
    return SqliteStore(Path(folder or Path.cwd()) / path)
