"""The asyncio store answers what the threaded one answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.errors import UsageError
from goldlane.features.online import FeatureNotFoundError, StoreError, open_async_store, open_store
from goldlane.features.publishing import publish

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online.postgres_async import AsyncPostgresStore
    from goldlane.testing.postgres_server import PostgresServer

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
Frame = Callable[..., Any]


def answered(url: str, ask: Callable[[AsyncPostgresStore], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with open_async_store(url) as store:
            return await ask(store)

    return asyncio.run(run())


def test_answers_are_those_of_the_threaded_store(postgres_url: str, merchants: FeatureTable, frame: Frame) -> None:
    store, shops = open_store(postgres_url), replace(merchants, name="shops", ttl=timedelta(hours=1))
    publish(merchants, frame([("M1", 10, None, 7), ("M2", 11, "low", 8)]), store)
    publish(shops, frame([("M1", 10, "high", 7)]), store)
    keys = [{"merchant_id": key} for key in ("M2", "M3", "M1", "a\0b")]

    async def ask(reader: AsyncPostgresStore) -> tuple[Any, ...]:
        return (
            await reader.lookup("merchants", keys[0], at=NOON),
            await reader.lookup_many("merchants", keys, "empty", at=NOON),
            await reader.lookup_all({"merchants": keys[0], "shops": keys[2]}, at=NOON),
            await reader.publications(),
        )

    assert answered(postgres_url, ask) == (
        store.lookup("merchants", keys[0], at=NOON),
        store.lookup_many("merchants", keys, "empty", at=NOON),
        store.lookup_all({"merchants": keys[0], "shops": keys[2]}, at=NOON),
        store.publications(),
    )
    store.close()


def test_many_tasks_read_at_once(postgres_url: str, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([(f"M{n}", 10, "low", n) for n in range(100)]), open_store(postgres_url))

    async def ask(reader: AsyncPostgresStore) -> list[int]:
        answers = await asyncio.gather(*(reader.lookup("merchants", {"merchant_id": f"M{n}"}) for n in range(100)))
        return [answer.features["velocity"] for answer in answers]

    assert answered(postgres_url, ask) == list(range(100))


def test_unknown_keys_and_tables_are_the_same_errors(postgres_url: str, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 7)]), open_store(postgres_url))

    with pytest.raises(FeatureNotFoundError):
        answered(postgres_url, lambda store: store.lookup("merchants", {"merchant_id": "M2"}))
    with pytest.raises(UsageError, match="has no table 'shops'; it has merchants"):
        answered(postgres_url, lambda store: store.lookup("shops", {"merchant_id": "M2"}))


def test_it_reads_on_after_its_connections_were_ended(
    postgres_server: PostgresServer, postgres_url: str, merchants: FeatureTable, frame: Frame
) -> None:
    publish(merchants, frame([("M1", 10, "low", 7)]), open_store(postgres_url))

    async def ask(store: AsyncPostgresStore) -> Any:
        await store.lookup("merchants", {"merchant_id": "M1"})
        postgres_server.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return (await store.lookup("merchants", {"merchant_id": "M1"})).features["velocity"]

    assert answered(postgres_url, ask) == 7


def test_what_cannot_be_reached_or_is_no_postgres_is_said() -> None:
    with pytest.raises(StoreError, match="cannot be reached"):
        answered("postgresql://somebody@127.0.0.1:1/nothing", lambda store: store.lookup("t", {"k": "a"}))
    with pytest.raises(UsageError, match="is no store that asyncio can wait for"):
        open_async_store("sqlite:///online.db")
