from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from goldlane.errors import Mistakes, UsageError
from goldlane.features.declarations import Feature, FeatureTable, Rolling
from goldlane.features.online import FeatureNotFoundError, OnlineStore
from goldlane.features.publishing import gold_path, publish

Write = Callable[..., Any]
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
CARDS = FeatureTable(
    name="cards",
    keys=("customer_id",),
    event_time="as_of",
    features=(
        Feature(name="count_5m", type="bigint", description="events", rolling=Rolling(function="count", window="5m", hop="1m")),
        Feature(
            name="amount_1h",
            type="decimal(28,2)",
            description="sum",
            rolling=Rolling(function="sum", column="amount", window="1h", hop="5m", default=Decimal(0)),
        ),
    ),
)


def minute(number: float) -> datetime:
    return START + timedelta(minutes=number)


@pytest.fixture
def write(storage: Path) -> Write:
    from deltalake import DeltaTable, write_deltalake

    place = gold_path(CARDS, storage)
    schema = pa.schema(
        [
            ("customer_id", pa.string()),
            ("as_of", pa.timestamp("us", "UTC")),
            ("transaction_id", pa.string()),
            ("amount", pa.decimal128(18, 2)),
        ]
    )

    def write(events: list[tuple[Any, ...]]) -> DeltaTable:
        place.parent.mkdir(parents=True, exist_ok=True)
        rows = [
            {"customer_id": key, "as_of": None if at is None else minute(at), "transaction_id": f"{key}{at}", "amount": Decimal(amount)}
            for key, at, amount in events
        ]
        write_deltalake(
            str(place), pa.Table.from_pylist(rows, schema=schema), mode="append", configuration={"delta.enableChangeDataFeed": "true"}
        )
        return DeltaTable(str(place))

    return write


@pytest.mark.usefixtures("spark")
def test_an_idle_key_decays(store: OnlineStore, storage: Path, write: Write) -> None:
    write([("C1", 1, "10.00"), ("C1", 3, "5.50"), ("C2", 2, "1.00")])

    published = publish(CARDS, storage, store)

    def features(at: float) -> dict[str, Any]:
        return store.lookup("cards", {"customer_id": "C1"}, at=minute(at)).features

    assert (published.mode, published.rows_written, published.version) == ("snapshot", 2, 0)
    assert features(3) == {"count_5m": 2, "amount_1h": Decimal("15.50")}
    assert features(6.5) == {"count_5m": 1, "amount_1h": Decimal("15.50")}
    assert features(30) == {"count_5m": 0, "amount_1h": Decimal("15.50")}
    assert features(90) == {"count_5m": 0, "amount_1h": Decimal("0.00")}


@pytest.mark.usefixtures("spark")
def test_the_row_itself_holds_the_features_as_of_the_newest_event(store: OnlineStore, storage: Path, write: Write, path: Path) -> None:
    import sqlite3

    write([("C1", 1, "10.00"), ("C1", 3.5, "5.50")])
    publish(CARDS, storage, store)

    connection = sqlite3.connect(path)

    assert connection.execute("SELECT customer_id, count_5m, amount_1h FROM cards").fetchall() == [("C1", 2, "15.50")]
    assert store.lookup("cards", {"customer_id": "C1"}).as_of == minute(3.5)
    connection.close()


@pytest.mark.usefixtures("spark")
def test_new_events_are_merged_with_the_earlier_ones(store: OnlineStore, storage: Path, write: Write) -> None:
    write([("C1", 1, "10.00"), ("C2", 2, "1.00"), ("C3", 2, "1.00")])
    publish(CARDS, storage, store)
    write([("C1", 4, "2.00"), ("C1", 2.5, "3.00"), (None, 2, "1.00"), ("C1", None, "1.00")]).delete("customer_id = 'C3'")

    published = publish(CARDS, storage, store)

    answer = store.lookup("cards", {"customer_id": "C1"}, at=minute(5))
    assert answer.features == {"count_5m": 3, "amount_1h": Decimal("15.00")}
    assert store.lookup("cards", {"customer_id": "C2"}, at=minute(5)).features == {"count_5m": 1, "amount_1h": Decimal("1.00")}
    assert (published.mode, published.rows_written, published.rows_deleted, published.rows_rejected) == ("triggered", 1, 1, 1)
    with pytest.raises(FeatureNotFoundError):
        store.lookup("cards", {"customer_id": "C3"})


@pytest.mark.usefixtures("spark")
def test_tiles_that_no_window_reaches_any_more_are_dropped(store: OnlineStore, storage: Path, write: Write, path: Path) -> None:
    import sqlite3

    write([("C1", number, "1.00") for number in range(0, 600, 10)])
    publish(CARDS, storage, store)

    connection = sqlite3.connect(path)
    counts = dict(connection.execute("SELECT hop / 60000000, count(*) FROM cards__tiles GROUP BY hop"))

    assert counts == {1: 1, 5: 6}
    assert store.lookup("cards", {"customer_id": "C1"}, at=minute(590)).features == {"count_5m": 1, "amount_1h": Decimal("6.00")}
    connection.close()


def test_a_frame_of_events_is_not_all_of_them(store: OnlineStore) -> None:
    with pytest.raises(UsageError, match="publish it from a storage"):
        publish(CARDS, pa.table({"customer_id": ["C1"]}), store)


@pytest.mark.usefixtures("spark")
def test_a_table_with_tiles_has_nothing_but_tiles(store: OnlineStore, storage: Path, write: Write) -> None:
    write([("C1", 1, "10.00")])
    plain = Feature(name="amount", type="decimal(18,2)", description="not merged")

    with pytest.raises(Mistakes, match="feature amount has no rolling with a hop"):
        publish(replace(CARDS, features=(*CARDS.features, plain)), storage, store)


@pytest.mark.usefixtures("spark")
def test_a_changed_window_is_published_in_full(store: OnlineStore, storage: Path, write: Write) -> None:
    write([("C1", 1, "10.00"), ("C2", 1, "1.00")])
    publish(CARDS, storage, store)
    wider = Feature(name="count_5m", type="bigint", description="events", rolling=Rolling(function="count", window="10m", hop="2m"))
    write([("C1", 8, "10.00")])

    published = publish(replace(CARDS, features=(wider, CARDS.features[1])), storage, store)

    assert published.note == "published in full: its declaration changed"
    assert store.lookup("cards", {"customer_id": "C2"}, at=minute(9)).features["count_5m"] == 1


@pytest.mark.usefixtures("spark")
def test_a_table_that_no_longer_has_tiles_loses_them(store: OnlineStore, storage: Path, write: Write, path: Path) -> None:
    import sqlite3

    write([("C1", 1, "10.00")])
    publish(CARDS, storage, store)
    amount = Feature(name="amount", type="decimal(18,2)", description="the newest event's amount")

    publish(replace(CARDS, features=(amount,)), storage, store)

    connection = sqlite3.connect(path)
    assert store.lookup("cards", {"customer_id": "C1"}).features == {"amount": Decimal("10.00")}
    assert connection.execute("SELECT name FROM sqlite_master WHERE name LIKE '%tiles'").fetchall() == []
    connection.close()


def test_somebody_elses_tiles_are_not_written_over(store: OnlineStore, storage: Path, write: Write, path: Path) -> None:
    import sqlite3

    write([("C1", 1, "10.00")])
    sqlite3.connect(path).execute("CREATE TABLE cards__tiles (x)").connection.close()

    with pytest.raises(UsageError, match="already has a table 'cards__tiles' that Goldlane did not write"):
        publish(CARDS, storage, store)
