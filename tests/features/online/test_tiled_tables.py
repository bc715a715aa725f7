"""Tables merged from tiles: published without Spark from a gold table of tiles, and read as of any time."""

from __future__ import annotations

import math
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st

from goldlane.errors import Mistakes, UsageError
from goldlane.features import tile_rows
from goldlane.features.changes import GoldTable
from goldlane.features.declarations import Feature, FeatureTable, Rolling
from goldlane.features.delta_files import ask_sorted
from goldlane.features.gold import gold_path
from goldlane.features.online import FeatureNotFoundError, OnlineStore, open_store
from goldlane.features.online.values import microseconds_of
from goldlane.features.publishing import publish
from goldlane.features.tiles import tile_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Event = tuple[str | None, float | None, str]  # who, at which minute, how much
Write = Callable[[list[Event]], None]
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


MINUTE = 60_000_000
EVENT = [
    ("customer_id", pa.string()),
    ("as_of", pa.timestamp("us", "UTC")),
    ("transaction_id", pa.string()),
    ("amount", pa.decimal128(18, 2)),
]
COUNT, AMOUNT = pa.struct([("n", pa.int64())]), pa.struct([("n", pa.int64()), ("total", pa.decimal128(28, 2))])
TILE = pa.schema(
    [
        ("customer_id", pa.string()),
        ("hop", pa.int64()),
        ("tile", pa.int64()),
        ("at", pa.timestamp("us", "UTC")),
        ("partials", pa.struct([("count_5m", COUNT), ("amount_1h", AMOUNT)])),
    ]
)


def events_written(storage: Path, events: list[Event]) -> DeltaTable:
    rows = [
        {"customer_id": key, "as_of": None if at is None else minute(at), "transaction_id": f"{key}{at}", "amount": Decimal(amount)}
        for key, at, amount in events
    ]
    return appended(storage, pa.Table.from_pylist(rows, schema=pa.schema(EVENT)))


def tiles_of(events: list[Event]) -> pa.Table:
    """The tiles of ``CARDS`` as Spark makes them, made here without it."""
    groups: dict[tuple[str, int, int], list[tuple[datetime, Decimal]]] = {}
    for key, at, amount in events:
        assert key is not None
        assert at is not None
        for hop in (1, MINUTE, 5 * MINUTE):
            groups.setdefault((key, hop, tile_of(microseconds_of(minute(at)), hop)), []).append((minute(at), Decimal(amount)))
    rows = [
        {**dict(zip(TILE.names, place, strict=False)), "at": max(found)[0], "partials": partials(place[1], found)}
        for place, found in groups.items()
    ]
    return pa.Table.from_pylist(rows, schema=TILE)


def partials(hop: int, events: list[tuple[datetime, Decimal]]) -> dict[str, Any]:
    count = {"n": len(events)}
    amount = {**count, "total": sum((amount for _, amount in events), Decimal(0))}
    return {"count_5m": None if hop == 5 * MINUTE else count, "amount_1h": None if hop == MINUTE else amount}


def appended(storage: Path, rows: pa.Table, mode: Literal["append", "overwrite"] = "append") -> DeltaTable:
    place = gold_path(CARDS, storage)
    place.parent.mkdir(parents=True, exist_ok=True)
    write_deltalake(str(place), rows, mode=mode, configuration={"delta.enableChangeDataFeed": "true"})
    return DeltaTable(str(place))


@pytest.fixture
def write(storage: Path) -> Write:
    """The gold table becomes the tiles of these events; those that stay the same are not written again, as in an incremental refresh."""
    same = " AND ".join(f"new.{column} = old.{column}" for column in ("customer_id", "hop", "tile"))

    def write(events: list[Event]) -> None:
        place = gold_path(CARDS, storage)
        if not place.exists():
            appended(storage, tiles_of(events))
            return
        merged = DeltaTable(str(place)).merge(tiles_of(events), same, source_alias="new", target_alias="old")
        changed = merged.when_matched_update_all("new.at <> old.at OR new.partials <> old.partials")
        changed.when_not_matched_insert_all().when_not_matched_by_source_delete().execute()

    return write


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


def test_the_row_itself_holds_the_features_as_of_the_newest_event(store: OnlineStore, storage: Path, write: Write, path: Path) -> None:
    write([("C1", 1, "10.00"), ("C1", 3.5, "5.50")])
    publish(CARDS, storage, store)

    connection = sqlite3.connect(path)

    assert connection.execute("SELECT customer_id, count_5m, amount_1h FROM cards").fetchall() == [("C1", 2, "15.50")]
    assert store.lookup("cards", {"customer_id": "C1"}).as_of == minute(3.5)
    connection.close()


@pytest.mark.parametrize("read_at", [2.9, 3, 3.4, 3.5, 3.9, 4, 4.5, 5, 5.5, 7, 9, 30, 62, 66, 70])
def test_the_window_is_right_at_every_time_since_the_newest_tiles_began(
    store: OnlineStore, storage: Path, write: Write, read_at: float
) -> None:
    events: list[Event] = [("C1", at, "1.00") for at in (0.5, 1, 2.5, 3, 3.5, 3.9, 4, 4.5)]
    write(events)
    publish(CARDS, storage, store)

    found = store.lookup("cards", {"customer_id": "C1"}, at=minute(read_at)).features

    def counted(hop: int, window: int) -> int:
        begin = math.ceil(read_at / hop) * hop - window
        return sum(1 for _, at, _ in events if at is not None and begin < at <= read_at)

    assert found == {"count_5m": counted(1, 5), "amount_1h": Decimal(counted(5, 60)).quantize(Decimal("0.01"))}


def test_only_keys_whose_tiles_changed_are_published_again(store: OnlineStore, storage: Path, write: Write) -> None:
    write([("C1", 1, "10.00"), ("C2", 2, "1.00"), ("C3", 2, "1.00")])
    publish(CARDS, storage, store)
    write([("C1", 1, "10.00"), ("C2", 2, "1.00"), ("C1", 4, "2.00"), ("C1", 2.5, "3.00")])

    published = publish(CARDS, storage, store)

    answer = store.lookup("cards", {"customer_id": "C1"}, at=minute(5))
    assert answer.features == {"count_5m": 3, "amount_1h": Decimal("15.00")}
    assert store.lookup("cards", {"customer_id": "C2"}, at=minute(5)).features == {"count_5m": 1, "amount_1h": Decimal("1.00")}
    assert (published.mode, published.rows_written, published.rows_deleted) == ("triggered", 1, 1)
    with pytest.raises(FeatureNotFoundError):
        store.lookup("cards", {"customer_id": "C3"})


@pytest.mark.parametrize("mode", ["triggered", "snapshot"])
def test_tiles_of_a_forgotten_key_go_and_do_not_come_back(
    store: OnlineStore, storage: Path, write: Write, path: Path, mode: Literal["triggered", "snapshot"]
) -> None:
    write([("C1", 1, "10.00"), ("C2", 2, "1.00")])
    publish(CARDS, storage, store)

    store.forget("cards", {"customer_id": "C1"})
    write([("C1", 1, "10.00"), ("C2", 2, "1.00"), ("C1", 4, "2.00"), ("C2", 4, "2.00")])
    publish(CARDS, storage, store, mode)

    connection = sqlite3.connect(path)
    assert connection.execute("SELECT DISTINCT customer_id FROM cards__tiles").fetchall() == [("C2",)]
    assert store.lookup("cards", {"customer_id": "C1"}, unknown="empty").as_of is None
    assert store.lookup("cards", {"customer_id": "C2"}, at=minute(5)).features["count_5m"] == 2
    connection.close()


def test_when_the_newest_event_is_taken_back_older_tiles_count_again(store: OnlineStore, storage: Path, write: Write) -> None:
    write([("C1", 1, "10.00"), ("C1", 2, "1.00"), ("C1", 600, "5.00")])
    publish(CARDS, storage, store)
    write([("C1", 1, "10.00"), ("C1", 2, "1.00")])

    publish(CARDS, storage, store)

    answer = store.lookup("cards", {"customer_id": "C1"}, at=minute(1.5))
    assert (answer.as_of, answer.features) == (minute(2), {"count_5m": 1, "amount_1h": Decimal("10.00")})


def test_publishing_tiles_starts_no_spark(storage: Path, write: Write, path: Path) -> None:
    write([("C1", 1, "10.00")])
    code = (
        "import sys; from goldlane.features import FeatureTable, open_store, publish; "
        f"publish(FeatureTable.from_json({CARDS.to_json()!r}), {str(storage)!r}, open_store('sqlite:///{path}')); "
        "sys.exit('pyspark' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_tiles_are_made_as_they_are_written_and_not_held(storage: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tile_rows, "_BATCH_KEYS", 1)
    write([(f"C{number}", 1, "1.00") for number in range(9)])
    taken: list[str] = []

    def source() -> Iterator[pa.RecordBatch]:
        whole = pa.Table.from_batches(list(GoldTable(CARDS, gold_path(CARDS, storage)).tiles()))
        for batch in whole.to_batches(max_chunksize=1):
            taken.extend(batch.column("customer_id").to_pylist())
            yield batch

    rows = tile_rows.tiled_rows(source(), CARDS)
    first = next(rows.tiles())

    assert set(first.column("customer_id").to_pylist()) == {"C0"}
    assert set(taken) == {"C0", "C1"}
    assert sum(batch.num_rows for batch in rows) == 1


def test_tiles_that_the_sort_has_no_memory_for_stand_together_all_the_same(storage: Path, write: Write) -> None:
    write([(f"C{number}", minute, "1.00") for minute in (1, 2, 3) for number in (2, 1, 0)])
    gold = GoldTable(CARDS, gold_path(CARDS, storage))

    batches = ask_sorted(gold.delta, "SELECT customer_id FROM gold", ["customer_id"], "1K", strictly=True)

    customers = [customer for batch in batches for customer in batch.column(0).to_pylist()]
    assert customers == sorted(customers)
    assert set(customers) == {"C0", "C1", "C2"}


def test_a_table_of_events_is_tiled_when_it_is_published(store: OnlineStore, storage: Path, spark: SparkSession) -> None:
    del spark
    to_come = (datetime(2100, 1, 1, tzinfo=timezone.utc) - START) / timedelta(minutes=1)
    now = (datetime.now(timezone.utc) - START) / timedelta(minutes=1)
    events_written(storage, [("C1", 1, "10.00"), ("C2", 2, "1.00"), ("C3", 2, "1.00"), ("C4", now - 1, "1.00"), ("C4", to_come, "1.00")])
    publish(CARDS, storage, store)
    assert store.lookup("cards", {"customer_id": "C4"}, at=minute(now)).features == {"count_5m": 1, "amount_1h": Decimal("1.00")}
    events_written(storage, [("C1", 4, "2.00"), ("C1", 2.5, "3.00"), (None, 2, "1.00"), ("C1", None, "1.00")]).delete("customer_id = 'C3'")

    published = publish(CARDS, storage, store)

    answer = store.lookup("cards", {"customer_id": "C1"}, at=minute(5))
    assert answer.features == {"count_5m": 3, "amount_1h": Decimal("15.00")}
    assert (published.mode, published.rows_written, published.rows_deleted, published.rows_rejected) == ("triggered", 1, 1, 1)


def test_tiles_of_other_windows_are_refused(store: OnlineStore, storage: Path, write: Write) -> None:
    write([("C1", 1, "10.00")])
    other = replace(CARDS.features[0], name="count_10m", rolling=Rolling(function="count", window="10m", hop="1m"))

    with pytest.raises(Mistakes, match="there are no partials of 'count_10m'"):
        publish(replace(CARDS, features=(*CARDS.features, other)), storage, store)


def test_tiles_that_no_window_reaches_any_more_are_dropped(store: OnlineStore, storage: Path, write: Write, path: Path) -> None:
    write([("C1", float(number), "1.00") for number in range(0, 600, 10)])
    publish(CARDS, storage, store)

    connection = sqlite3.connect(path)
    counts = dict(connection.execute("SELECT hop / 60000000, count(*) FROM cards__tiles GROUP BY hop"))

    assert counts == {0: 1, 1: 1, 5: 6}
    assert store.lookup("cards", {"customer_id": "C1"}, at=minute(590)).features == {"count_5m": 1, "amount_1h": Decimal("6.00")}
    connection.close()


def test_an_event_from_the_future_takes_no_past_one_away(store: OnlineStore, storage: Path, write: Write) -> None:
    now = (datetime.now(timezone.utc) - START) / timedelta(minutes=1)
    write([("C1", now - 2, "10.00"), ("C1", now - 1, "1.00"), ("C1", now + 10_000, "100.00")])
    publish(CARDS, storage, store)

    def features(at: float) -> dict[str, Any]:
        return store.lookup("cards", {"customer_id": "C1"}, at=minute(at)).features

    assert features(now) == {"count_5m": 2, "amount_1h": Decimal("11.00")}
    assert features(now + 9_999) == {"count_5m": 0, "amount_1h": Decimal("0.00")}
    assert features(now + 10_000) == {"count_5m": 1, "amount_1h": Decimal("100.00")}


SOME = st.lists(st.tuples(st.sampled_from(["C1", "C2"]), st.integers(0, 900), st.integers(1, 99)), min_size=1, max_size=40)


@settings(max_examples=8)
@given(first=SOME, then=SOME, later=st.lists(st.integers(0, 900), min_size=20, max_size=20))
def test_whatever_happened_a_lookup_tells_the_windows_as_of_its_time(
    first: list[tuple[str, int, int]], then: list[tuple[str, int, int]], later: list[int]
) -> None:
    """Times are tenths of minutes. The gold table becomes another one between two publishes, as after late events and retractions."""
    with tempfile.TemporaryDirectory() as folder, closing(open_store(f"sqlite:///{folder}/online.db")) as store:
        for happened in (first, then):
            events: list[Event] = [(key, tenth / 10, f"{amount}.00") for key, tenth, amount in happened]
            appended(Path(folder), tiles_of(events), mode="overwrite")
            publish(CARDS, Path(folder), store)

        for key in dict.fromkeys(key for key, *_ in then):
            mine = [(tenth, amount) for name, tenth, amount in then if name == key]
            for read_at in (max(mine)[0] + each for each in later):
                found = store.lookup("cards", {"customer_id": key}, at=minute(read_at / 10)).features
                of_5m, of_1h = (
                    [amount for tenth, amount in mine if begin < tenth] for begin in (begin_of(read_at, 10, 50), begin_of(read_at, 50, 600))
                )
                assert found == {"count_5m": len(of_5m), "amount_1h": Decimal(sum(of_1h)).quantize(Decimal("0.01"))}, (key, read_at)


def begin_of(read_at: int, hop: int, window: int) -> int:
    return math.ceil(read_at / hop) * hop - window


def test_a_frame_of_events_is_not_all_of_them(store: OnlineStore) -> None:
    with pytest.raises(UsageError, match="publish it from a storage"):
        publish(CARDS, pa.table({"customer_id": ["C1"]}), store)


def test_a_table_with_tiles_has_nothing_but_tiles(store: OnlineStore, storage: Path, write: Write) -> None:
    write([("C1", 1, "10.00")])
    plain = Feature(name="amount", type="decimal(18,2)", description="not merged")

    with pytest.raises(Mistakes, match="feature 'amount' has no rolling with a hop"):
        publish(replace(CARDS, features=(*CARDS.features, plain)), storage, store)


def test_a_changed_window_is_published_in_full(store: OnlineStore, storage: Path, write: Write) -> None:
    write([("C1", 1, "10.00"), ("C2", 1, "1.00")])
    publish(CARDS, storage, store)
    wider = Feature(name="count_5m", type="bigint", description="events", rolling=Rolling(function="count", window="10m", hop="1m"))

    published = publish(replace(CARDS, features=(wider, CARDS.features[1])), storage, store)

    assert published.note == "published in full: its declaration changed"
    assert store.lookup("cards", {"customer_id": "C2"}, at=minute(9)).features["count_5m"] == 1


def test_a_table_that_no_longer_has_tiles_loses_them(store: OnlineStore, storage: Path, write: Write, path: Path) -> None:
    write([("C1", 1, "10.00")])
    publish(CARDS, storage, store)
    amount = Feature(name="amount", type="decimal(18,2)", description="the newest event's amount")
    shutil.rmtree(gold_path(CARDS, storage))
    events_written(storage, [("C1", 1, "10.00")])

    publish(replace(CARDS, features=(amount,)), storage, store)

    connection = sqlite3.connect(path)
    assert store.lookup("cards", {"customer_id": "C1"}).features == {"amount": Decimal("10.00")}
    assert connection.execute("SELECT name FROM sqlite_master WHERE name LIKE '%tiles'").fetchall() == []
    connection.close()


def test_somebody_elses_tiles_are_not_written_over(store: OnlineStore, storage: Path, write: Write, path: Path) -> None:
    write([("C1", 1, "10.00")])
    sqlite3.connect(path).execute("CREATE TABLE cards__tiles (x)").connection.close()

    with pytest.raises(UsageError, match="already has a table 'cards__tiles' that Goldlane did not write"):
        publish(CARDS, storage, store)
