"""The store that a command works on: the one that was named, else the project's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from goldlane.features.online import OnlineStore
    from goldlane.settings import Settings

_STORE = "The online store's URL, as in sqlite:///online.db; default: [tool.goldlane] store, else sqlite:///.goldlane/online.db."
StoreOption = Annotated[str | None, typer.Option("--store", metavar="URL", help=_STORE)]


def store_or_default(url: str | None, settings: Settings) -> OnlineStore:
    """A named store's relative path starts at the working folder, the project's at the project's root."""
    from goldlane.features.online import open_store

    return open_store(url) if url else open_store(settings.store, folder=settings.root)
