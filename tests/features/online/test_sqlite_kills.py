"""Publishers that are killed, and readers in other processes: everybody sees some published version whole, never half of one."""

from __future__ import annotations

import multiprocessing
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.features.online import open_store
from goldlane.features.publishing import publish

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    import pyarrow as pa

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online import OnlineStore

Gold = Callable[..., Any]
ROWS = 8000
SAMPLE = [{"merchant_id": f"M{number}"} for number in range(0, ROWS, 97)]
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["deltalake", "goldlane.features.changes", "goldlane.features.publishing"])
MODES: tuple[Any, ...] = ("snapshot", "triggered")


def rows_of(turn: int) -> list[tuple[Any, ...]]:
    """Every merchant at hour ``turn``, and all velocities equal to it."""
    return [(f"M{number}", turn, "low" * 5, turn) for number in range(ROWS)]


def publish_forever(url: str, storage: Path, table: FeatureTable, mode: Any, begun: Any) -> None:
    publish(table, storage, open_store(f"{url}-to-warm-up"), mode=mode)
    begun.set()
    while True:
        publish(table, storage, open_store(url), mode=mode)


def velocities(store: OnlineStore) -> set[Any]:
    return {answer.features["velocity"] for answer in store.lookup_many("merchants", SAMPLE)}


@pytest.mark.slow
def test_a_publisher_killed_at_any_moment_leaves_a_published_version(
    store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path, path: Path
) -> None:
    turns, chance, seen = range(2, 23), random.Random(7), []  # noqa: S311  when to kill
    for turn in (0, 1):
        gold(rows_of(turn), mode="overwrite")
        usual = publish(merchants, storage, store, mode="snapshot").seconds

    for turn in turns:
        gold(rows_of(turn), mode="overwrite")
        begun = PROCESSES.Event()
        arguments = (f"sqlite:///{path}", storage, merchants, MODES[turn % 2], begun)
        publisher: BaseProcess = PROCESSES.Process(target=publish_forever, args=arguments)
        publisher.start()
        assert begun.wait(60)
        time.sleep(chance.uniform(0, 3 * usual))
        publisher.kill()
        publisher.join()
        (publication,) = store.publications()
        assert velocities(store) == {publication.version}
        seen.append(publication.version)
        assert publisher.exitcode == -signal.SIGKILL

    assert len(set(seen)) > 1
    assert set(seen) != {*turns}, "no kill came before the end of a publish"
    assert publish(merchants, storage, store).version == turns[-1]
    assert velocities(store) == {turns[-1]}


def read_until(url: str, begun: Any, done: Any, report: Any) -> None:
    """How many reads, and how many of them saw more than one version; threads read side by side."""
    store, counts, keys = open_store(url), [0, 0], SAMPLE[:50]

    def read() -> None:
        while not done.is_set():
            many = {answer.features["velocity"] for answer in store.lookup_many("merchants", keys)}
            counts[0] += 1
            counts[1] += len(many) > 1

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    begun.release()
    for thread in threads:
        thread.join()
    report.put(counts)


def test_processes_and_threads_that_read_while_it_is_published_never_see_half(
    store: OnlineStore, merchants: FeatureTable, frame: Callable[..., pa.Table], path: Path
) -> None:
    states = [frame([(f"M{number}", turn, "low", turn) for number in range(0, ROWS, 97)]) for turn in range(4)]
    publish(merchants, states[0], store)
    begun, done, report = PROCESSES.Semaphore(0), PROCESSES.Event(), PROCESSES.Queue()
    readers = [PROCESSES.Process(target=read_until, args=(f"sqlite:///{path}", begun, done, report)) for _ in range(2)]
    for reader in readers:
        reader.start()
    assert all(begun.acquire(timeout=60) for _ in readers)

    until = time.monotonic() + 2
    for turn in range(1, 10_000):
        publish(merchants, states[turn % 4], store, mode="snapshot" if turn % 3 else "triggered")
        if time.monotonic() > until:
            break
    done.set()

    counts = [report.get(timeout=60) for _ in readers]
    for reader in readers:
        reader.join()
    assert all(reads > 0 for reads, _ in counts)
    assert [halves for _, halves in counts] == [0, 0]
