from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from goldlane.serving import watch

ENOUGH = 3


class Told:
    """A log that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def warning(self, event: str, **facts: Any) -> None:
        self.lines.append((event, facts))

    error = warning


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[], object]], Any]]:
    """What is watched, of a store that is refreshed by the function it is called with."""
    monkeypatch.setattr(watch, "_EVERY_S", 0.005)
    with ThreadPoolExecutor(2) as threads:
        yield lambda refresh: SimpleNamespace(
            store=SimpleNamespace(path=None), endpoints=SimpleNamespace(refresh=refresh), threads=threads, log=Told()
        )


def watched(serving: Any, look: Callable[[], object], until: Callable[[], bool]) -> bool:
    """Whether it came to that within a few seconds of watching."""

    async def run() -> bool:
        async with watch.watching(serving, look):
            for _ in range(1000):
                if until():
                    return True
                await asyncio.sleep(0.005)
        return False

    return asyncio.run(run())


def test_tokens_are_looked_at_while_the_store_does_not_answer(served: Any) -> None:
    answers = threading.Event()
    looks: list[int] = []

    try:
        assert watched(served(answers.wait), lambda: looks.append(1), lambda: len(looks) >= ENOUGH)
    finally:
        answers.set()


def test_a_look_that_fails_in_a_way_nobody_thought_of_is_told_once_and_taken_again(served: Any) -> None:
    looks: list[int] = []

    def look() -> None:
        looks.append(1)
        raise RuntimeError("secret 4711")

    serving = served(lambda: None)
    assert watched(serving, look, lambda: len(looks) >= ENOUGH)

    (line,) = serving.log.lines
    assert line[0] == "defect"
    assert line[1]["error"] == "RuntimeError"
    assert "test_watch.py:" in line[1]["place"]
    assert "4711" not in str(line)
