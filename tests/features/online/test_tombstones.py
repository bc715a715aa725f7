"""A deleted entity stays away until it has a newer event."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.errors import UsageError
from goldlane.features.online import OnlineStore
from goldlane.features.publishing import publish

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable

Frame = Callable[..., Any]


def velocity(store: OnlineStore, key: str) -> Any:
    return store.lookup("merchants", {"merchant_id": key}, unknown="empty").features["velocity"]


@pytest.fixture
def emptied(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> OnlineStore:
    """A store whose M1, last known at hour 5, was deleted by a snapshot."""
    publish(merchants, frame([("M1", 5, "low", 5)]), store)
    publish(merchants, frame([]), store, mode="snapshot")
    return store


@pytest.mark.parametrize("hour", [4, 5])
def test_a_late_event_does_not_bring_it_back(emptied: OnlineStore, merchants: FeatureTable, frame: Frame, hour: int) -> None:
    published = publish(merchants, frame([("M1", hour, "low", 1), ("M2", hour, "low", 2)]), emptied)

    assert (velocity(emptied, "M1"), velocity(emptied, "M2")) == (None, 2)
    assert (published.rows_written, published.rows_late) == (1, 1)


def test_a_newer_event_brings_it_back_for_good(emptied: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 6, "low", 6)]), emptied)
    publish(merchants, frame([("M1", 5, "low", 5)]), emptied)

    assert velocity(emptied, "M1") == 6


def test_what_a_snapshot_holds_is_there_whatever_its_time(emptied: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 3, "low", 3)]), emptied, mode="snapshot")
    late = publish(merchants, frame([("M1", 4, "low", 4)]), emptied)

    assert (velocity(emptied, "M1"), late.rows_late) == (4, 0)


def test_a_row_deleted_in_gold_stays_away_from_late_frames(
    store: OnlineStore, merchants: FeatureTable, frame: Frame, gold: Callable[..., Any], storage: Path
) -> None:
    delta = gold([("M1", 5, "low", 5), ("M2", 5, "low", 5)])
    publish(merchants, storage, store)
    delta.delete("merchant_id = 'M1'")
    publish(merchants, storage, store)

    publish(merchants, frame([("M1", 4, "low", 4), ("M2", 6, "low", 6)]), store)

    assert (velocity(store, "M1"), velocity(store, "M2")) == (None, 6)


def test_a_tombstone_says_what_was_deleted_and_when(emptied: OnlineStore, path: Path) -> None:
    connection = sqlite3.connect(path)

    (row,) = connection.execute("SELECT merchant_id, as_of / 3600000000 % 24, deleted_at >= as_of FROM merchants__deleted")

    assert row == ("M1", 5, 1)
    connection.close()
    emptied.close()


def test_a_changed_type_keeps_them_and_changed_keys_do_not(emptied: OnlineStore, merchants: FeatureTable, frame: Frame, path: Path) -> None:
    count = "SELECT count(*) FROM merchants__deleted"
    wider = replace(merchants, features=(merchants.features[0], replace(merchants.features[1], type="double")))
    connection = sqlite3.connect(path)

    publish(wider, frame([]), emptied, mode="snapshot")
    assert connection.execute(count).fetchone() == (1,)

    publish(replace(wider, keys=("tier",), key_types={}, features=wider.features[1:]), frame([]), emptied, mode="snapshot")
    assert connection.execute(count).fetchone() == (0,)
    connection.close()


def test_a_store_from_before_tombstones_gets_them(store: OnlineStore, merchants: FeatureTable, frame: Frame, path: Path) -> None:
    publish(merchants, frame([("M1", 5, "low", 5)]), store)
    sqlite3.connect(path).execute("DROP TABLE merchants__deleted").connection.close()

    publish(merchants, frame([]), store, mode="snapshot")

    assert publish(merchants, frame([("M1", 5, "low", 5)]), store).rows_late == 1


def test_somebody_elses_table_of_that_name_is_left_alone(store: OnlineStore, merchants: FeatureTable, frame: Frame, path: Path) -> None:
    sqlite3.connect(path).execute("CREATE TABLE merchants__deleted (x)").connection.close()

    with pytest.raises(UsageError, match="already has a table 'merchants__deleted' that Goldlane did not write"):
        publish(merchants, frame([]), store)


def test_a_forgotten_key_is_in_no_tombstone(emptied: OnlineStore, merchants: FeatureTable, frame: Frame, path: Path) -> None:
    publish(merchants, frame([("M2", 5, "low", 5)]), emptied)

    emptied.forget("merchants", {"merchant_id": "M1"})

    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM merchants__deleted").fetchone() == (0,)
    connection.close()


@pytest.mark.parametrize("mode", ["triggered", "snapshot"])
def test_a_table_that_somebody_dropped_is_published_like_a_new_one(
    store: OnlineStore, store_url: str, merchants: FeatureTable, frame: Frame, mode: Any
) -> None:
    publish(merchants, frame([("M1", 5, "low", 5), ("M2", 5, "low", 5)]), store)
    publish(merchants, frame([("M1", 5, "low", 5)]), store, mode="snapshot")
    drop(store_url, "merchants")

    published = publish(merchants, frame([("M2", 4, "low", 4)]), store, mode=mode)

    assert published.rows_written == 1
    assert (velocity(store, "M1"), velocity(store, "M2")) == (None, 4)


def test_a_tombstone_goes_after_thirty_days(emptied: OnlineStore, store_url: str, merchants: FeatureTable, frame: Frame) -> None:
    found = []
    for days in (29, 2):
        some_days_later(store_url, days)
        publish(merchants, frame([]), emptied)
        publish(merchants, frame([("M1", 4, "low", 1)]), emptied)
        found.append(velocity(emptied, "M1"))

    assert found == [None, 1]


def some_days_later(url: str, days: int) -> None:
    step = f"{days * 86_400_000_000}" if url.startswith("sqlite:///") else f"interval '{days} days'"
    for table, column in (("merchants__deleted", "deleted_at"), ("goldlane_tables", "published_at")):
        execute(url, f"UPDATE {table} SET {column} = {column} - {step}")


def drop(url: str, name: str) -> None:
    execute(url, f"DROP TABLE {name}")


def execute(url: str, statement: str) -> None:
    if url.startswith("sqlite:///"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.execute(statement)
            connection.commit()
        return
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(url) as connection:
        connection.execute(statement)
