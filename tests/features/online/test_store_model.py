"""Any sequence of publishes, late events, deletes, expiry and restarts leaves a SQLite store equal to a dictionary told the same."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from goldlane.features.online import OnlineStore, open_store


@contextmanager
def new_file() -> Iterator[Callable[[], OnlineStore]]:
    with tempfile.TemporaryDirectory() as folder:
        yield lambda: open_store(f"sqlite:///{folder}/online.db")


def test_a_store_equals_a_dictionary(check_store: Callable[..., None]) -> None:
    check_store(new_file, sequences=15, steps=20)


@pytest.mark.slow
def test_a_store_equals_a_dictionary_for_long(check_store: Callable[..., None]) -> None:
    check_store(new_file, sequences=50, steps=30)
