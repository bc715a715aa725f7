"""Any sequence of publishes, late events, deletes, expiry and restarts leaves a PostgreSQL store equal to a dictionary told the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

import pytest

from goldlane.features.online import OnlineStore, open_store

if TYPE_CHECKING:
    from goldlane.testing.postgres_server import PostgresServer


@pytest.fixture
def new_place(postgres_server: PostgresServer) -> Callable[[], AbstractContextManager[Callable[[], OnlineStore]]]:
    @contextmanager
    def place() -> Iterator[Callable[[], OnlineStore]]:
        url = postgres_server.new_schema()
        yield lambda: open_store(url)

    return place


def test_a_store_equals_a_dictionary(check_store: Callable[..., None], new_place: object) -> None:
    check_store(new_place, sequences=3, steps=8)


@pytest.mark.slow
def test_a_store_equals_a_dictionary_for_long(check_store: Callable[..., None], new_place: object) -> None:
    check_store(new_place, sequences=12, steps=20)
