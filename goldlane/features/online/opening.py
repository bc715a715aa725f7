"""From a URL to a store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import UsageError
from goldlane.features.online.sqlite import SqliteStore

if TYPE_CHECKING:
    from goldlane.features.online.store import OnlineStore

_SQLITE = "sqlite:///"
_FORMS = "a store's URL is sqlite:///file.db (from the working folder) or sqlite:////absolute/file.db"


def open_store(url: str, *, folder: str | Path | None = None) -> OnlineStore:
    """The store behind ``url``; nothing is touched before the first read or publish.

    A relative path starts at ``folder``, which is the working folder unless it is given.

    Raises:
        UsageError: no store has such a URL.
    """
    if not isinstance(url, str) or not url.startswith(_SQLITE):
        raise UsageError(f"{url!r} is no store that Goldlane can open", hint=_FORMS)
    path = url.removeprefix(_SQLITE)
    if not path or "\0" in path:
        raise UsageError(f"{url!r} names no file", hint=_FORMS)
    return SqliteStore(Path(folder or Path.cwd()) / path)
