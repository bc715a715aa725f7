"""Connections at hand: whoever waits for one gets it, and a broken or late one goes back to where it came from."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.features.online import open_store
from goldlane.features.online.postgres_readers import Readers
from goldlane.features.online.postgres_sessions import POOL_SIZE
from goldlane.features.publishing import publish

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable


@dataclass
class Pool:
    """What ``Readers`` asks of psycopg's pool. It never has another connection than those put into it."""

    free: queue.Queue[Any] = field(default_factory=queue.Queue)
    is_closed: bool = False

    def getconn(self) -> Any:
        return self.free.get(timeout=5)

    def putconn(self, connection: Any) -> None:
        self.free.put(connection)

    def close(self) -> None:
        self.is_closed = True


def connection() -> Any:
    return SimpleNamespace(pgconn=SimpleNamespace(transaction_status=0))


@pytest.fixture
def pool() -> Pool:
    """A pool of one connection."""
    pool = Pool()
    pool.free.put(connection())
    return pool


def test_a_connection_that_was_given_back_is_taken_again_without_the_pool(pool: Pool) -> None:
    readers = Readers(pool)  # type: ignore[arg-type]  # a fake
    first = readers.take()

    readers.give(first)

    assert (readers.take(), pool.free.qsize()) == (first, 0)


def test_who_waits_for_a_connection_gets_the_one_that_is_given_back(pool: Pool) -> None:
    readers = Readers(pool)  # type: ignore[arg-type]  # a fake

    def work(_: int) -> bool:
        for _ in range(300):
            readers.give(readers.take())
        return True

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(8)))


def test_a_waiting_thread_is_woken(pool: Pool) -> None:
    readers, found = Readers(pool), queue.Queue[Any]()  # type: ignore[arg-type]  # a fake
    only = readers.take()
    waiting = threading.Thread(target=lambda: found.put(readers.take()))
    waiting.start()
    while not readers._waiting:  # noqa: SLF001  nothing else tells that it waits
        pass

    readers.give(only)

    assert found.get(timeout=5) is only
    waiting.join()


def test_a_broken_connection_goes_to_the_pool(pool: Pool) -> None:
    readers = Readers(pool)  # type: ignore[arg-type]  # a fake
    broken = readers.take()
    broken.pgconn.transaction_status = 4

    readers.give(broken)

    assert (readers.at_hand(), pool.free.qsize()) == (None, 1)


def test_connections_in_use_go_to_the_pool_when_they_are_given_back_after_the_end(pool: Pool) -> None:
    pool.free.put(connection())
    readers = Readers(pool)  # type: ignore[arg-type]  # a fake
    idle, used = readers.take(), readers.take()
    readers.give(idle)

    readers.close()
    readers.give(used)

    assert (pool.is_closed, pool.free.qsize(), readers.at_hand()) == (True, 2, None)


def test_more_threads_than_connections_all_read(postgres_url: str, merchants: FeatureTable, frame: Callable[..., Any]) -> None:
    store = open_store(postgres_url)
    publish(merchants, frame([(f"M{n}", 10, "low", n) for n in range(20)]), store)

    def read(number: int) -> list[Any]:
        return [store.lookup("merchants", {"merchant_id": f"M{number}"}).features["velocity"] for _ in range(50)]

    with ThreadPoolExecutor(2 * POOL_SIZE) as threads:
        found = list(threads.map(read, range(20)))

    assert found == [[n] * 50 for n in range(20)]
    store.close()
