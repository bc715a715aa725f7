"""Several things put to Spark so that one that fails takes no other along: all at once, and where that fails, one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")
Done = TypeVar("Done")


def survivors(asked: Mapping[Key, Value], attempt: Callable[[Mapping[Key, Value]], Done]) -> tuple[Done | None, dict[Key, Exception]]:
    """What ``attempt`` makes of all that is asked, or of what it can be made of alone, and why not of the others; None of none."""
    if not asked:
        return None, {}
    with suppress(Exception):
        return attempt(asked), {}
    # Which of them it was shows when each is tried alone.
    good: dict[Key, Value] = {}
    failed: dict[Key, Exception] = {}
    for key, value in asked.items():
        try:
            attempt({key: value})
        except Exception as error:  # noqa: BLE001  a division by zero, a cast, an unknown column: whatever Spark says of this one
            failed[key] = error
        else:
            good[key] = value
    return (attempt(good) if good else None), failed
