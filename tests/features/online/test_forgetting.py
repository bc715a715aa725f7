"""A forgotten entity is gone from the store, and no later publish brings it back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from goldlane.errors import UsageError
from goldlane.features.arrow_batches import arrow_schema
from goldlane.features.declarations import Feature, FeatureTable
from goldlane.features.online import FeatureNotFoundError, OnlineStore, open_store
from goldlane.features.publishing import publish

if TYPE_CHECKING:
    from goldlane.features.publishing import Mode

Frame = Callable[..., Any]
M1, M2 = {"merchant_id": "M1"}, {"merchant_id": "M2"}


def test_a_forgotten_key_is_unknown(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 7), ("M2", 10, "high", 8)]), store)

    assert store.forget(merchants, M1)

    with pytest.raises(FeatureNotFoundError):
        store.lookup("merchants", M1)
    assert store.lookup("merchants", M1, unknown="empty").as_of is None
    assert store.lookup("merchants", M2).features == {"tier": "high", "velocity": 8}


def test_forgetting_again_finds_nothing(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 7)]), store)
    store.forget("merchants", M1)

    assert not store.forget("merchants", M1)


@pytest.mark.parametrize("mode", ["triggered", "snapshot"])
def test_a_frame_does_not_bring_a_forgotten_key_back(store: OnlineStore, merchants: FeatureTable, frame: Frame, mode: Mode) -> None:
    publish(merchants, frame([("M1", 10, "low", 7), ("M2", 10, "high", 8)]), store)
    store.forget(merchants, M1)

    published = publish(merchants, frame([("M1", 11, "low", 9), ("M2", 11, "high", 9)]), store, mode)

    assert (published.rows_written, published.rows_forgotten, published.rows_late) == (1, 1, 0)
    assert store.lookup("merchants", M1, unknown="empty").as_of is None
    assert store.lookup("merchants", M2).features["velocity"] == 9


@pytest.mark.parametrize("mode", ["triggered", "snapshot"])
def test_a_gold_table_does_not_bring_a_forgotten_key_back(
    store: OnlineStore, storage: Path, merchants: FeatureTable, gold: Frame, mode: Mode
) -> None:
    gold([("M1", 10, "low", 7), ("M2", 10, "high", 8)])
    publish(merchants, storage, store)
    store.forget(merchants, M1)
    gold([("M1", 11, "low", 9), ("M2", 11, "high", 9)])

    publish(merchants, storage, store, mode)

    assert store.lookup("merchants", M1, unknown="empty").as_of is None
    assert store.lookup("merchants", M2).features["velocity"] == 9


def test_a_key_is_forgotten_before_it_ever_came(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M2", 10, "high", 8)]), store)

    assert not store.forget("merchants", M1)

    assert publish(merchants, frame([("M1", 10, "low", 7)]), store).rows_forgotten == 1


def test_a_key_is_forgotten_in_its_table_only(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    others = replace(merchants, name="others")
    for table in (merchants, others):
        publish(table, frame([("M1", 10, "low", 7)]), store)

    store.forget("merchants", M1)

    assert store.lookup("others", M1).features["velocity"] == 7
    assert publish(others, frame([("M1", 11, "low", 8)]), store).rows_written == 1


def test_a_reader_that_is_open_sees_it_gone(path: Path, store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 7)]), store)
    reader = open_store(f"sqlite:///{path}")
    reader.lookup("merchants", M1)

    store.forget("merchants", M1)

    assert reader.lookup("merchants", M1, unknown="empty").as_of is None
    reader.close()


def test_the_file_holds_nothing_of_a_forgotten_key(path: Path, store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("Zacharias-4711", 10, "a-rare-tier", 7), ("M2", 10, "high", 8)]), store)

    store.forget("merchants", {"merchant_id": "Zacharias-4711"})
    store.close()

    held = b"".join(each.read_bytes() for each in path.parent.glob("online.db*"))
    assert b"Zacharias" not in held
    assert b"rare" not in held


def test_the_file_holds_nothing_of_it_on_pages_that_a_snapshot_left(
    path: Path, store: OnlineStore, merchants: FeatureTable, frame: Frame
) -> None:
    publish(merchants, frame([("Zacharias-4711", 10, "a-rare-tier", 7), ("M2", 10, "high", 8)]), store)
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        # What a snapshot does, by a SQLite that is built without SECURE_DELETE.
        file.execute("PRAGMA secure_delete = OFF")
        many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)"
        file.execute(f"CREATE TABLE older AS {many} SELECT merchants.* FROM merchants, n")
        file.execute("DROP TABLE older")

    store.forget("merchants", {"merchant_id": "Zacharias-4711"})
    store.close()

    held = b"".join(each.read_bytes() for each in path.parent.glob("online.db*"))
    assert b"Zacharias" not in held
    assert b"rare" not in held


def test_first_keys_are_forgotten_in_several_tables_at_once(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    names = [f"m{n}" for n in range(6)]
    for name in names:
        publish(replace(merchants, name=name), frame([("M1", 10, "low", 7)]), store)

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda name: store.forget(name, M1), names))

    assert found == [True] * 6


def test_two_stores_hash_one_key_differently(tmp_path: Path, merchants: FeatureTable, frame: Frame) -> None:
    hashes = []
    for name in ("a.db", "b.db"):
        store = open_store(f"sqlite:///{tmp_path / name}")
        publish(merchants, frame([("M1", 10, "low", 7)]), store)
        store.forget("merchants", M1)
        store.close()
        with closing(sqlite3.connect(tmp_path / name)) as file:
            hashes += file.execute("SELECT key_hash FROM goldlane_forgotten").fetchall()

    assert len(set(hashes)) == 2


TYPED: dict[str, tuple[Any, Any]] = {
    "bigint": (2**53 + 1, 7),
    "boolean": (True, False),
    "date": (date(2026, 1, 1), date(2026, 1, 2)),
    "decimal(9,2)": (Decimal("1.50"), Decimal("1.51")),
    "timestamp": (datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=timezone.utc)),
    "timestamp_ntz": (datetime(2026, 1, 1), datetime(2026, 1, 2)),  # noqa: DTZ001  this type has no zone
    "binary": (b"\x00\xff", b"\x00"),
    "string": ("O'Brien; DROP TABLE t; -- 漢", ""),
}


@pytest.mark.parametrize("kind", TYPED)
def test_keys_of_every_type_stay_forgotten(store: OnlineStore, kind: str) -> None:
    table = FeatureTable(
        name="typed",
        keys=("day", "id"),
        key_types={"day": kind, "id": "int"},
        event_time="as_of",
        features=(Feature(name="value", type="bigint", description="a value"),),
    )
    schema, at = arrow_schema(table), datetime(2026, 1, 1, tzinfo=timezone.utc)
    gone, kept = TYPED[kind]
    rows = [{"day": gone, "id": 1, "as_of": at, "value": 1}, {"day": kept, "id": 1, "as_of": at, "value": 2}]
    publish(table, pa.Table.from_pylist(rows, schema=schema), store)

    store.forget(table, {"day": gone, "id": 1})
    published = publish(table, pa.Table.from_pylist(rows, schema=schema), store)

    assert (published.rows_forgotten, published.rows_written) == (1, 1)
    assert store.lookup(table, {"day": gone, "id": 1}, unknown="empty").as_of is None
    assert store.lookup(table, {"day": kept, "id": 1}).features == {"value": 2}


def test_an_unknown_table_and_a_wrong_key_are_refused(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 7)]), store)

    with pytest.raises(UsageError, match="has no table 'merchant'; it has merchants"):
        store.forget("merchant", M1)
    with pytest.raises(UsageError, match="merchants is read by merchant_id, not by customer_id"):
        store.forget("merchants", {"customer_id": "C1"})
    assert store.lookup("merchants", M1).features["velocity"] == 7


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no store"):
        open_store(f"sqlite:///{tmp_path / 'none.db'}").forget("merchants", M1)
    assert not (tmp_path / "none.db").exists()
