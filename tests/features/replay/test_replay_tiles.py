"""Windows that are merged when they are read: by the store in Python, by the replay in Spark."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from goldlane.features import to_tiles
from goldlane.features.declarations import Feature, FeatureTable, Rolling
from goldlane.features.gold import gold_path
from goldlane.features.online import OnlineStore, open_store
from goldlane.features.publishing import publish
from goldlane.features.replay import replay

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Event = tuple[str, float, float]
NOW = datetime.now(timezone.utc).replace(second=0, microsecond=0)
CARDS = FeatureTable(
    name="cards",
    keys=("card",),
    event_time="paid_at",
    features=(
        Feature(name="count_5m", type="bigint", description="payments", rolling=Rolling(function="count", window="5m", hop="1m")),
        Feature(name="spent_1h", type="double", description="sum", rolling=Rolling(function="sum", column="amount", window="1h", hop="5m")),
    ),
)
EVENTS: list[Event] = [("C1", -50, 0.1), ("C1", -7, 0.2), ("C1", -2.5, 0.3), ("C2", -3.5, 1e9), ("C2", -1.5, 0.7)]


@pytest.fixture
def events(spark: SparkSession) -> Callable[[Sequence[Event]], Any]:
    def make(rows: Sequence[Event]) -> Any:
        timed = [{"card": card, "paid_at": NOW + timedelta(minutes=at), "amount": amount} for card, at, amount in rows]
        schema = pa.schema([("card", pa.string()), ("paid_at", pa.timestamp("us", "UTC")), ("amount", pa.float64())])
        return spark.createDataFrame(pa.Table.from_pylist(timed, schema=schema))

    return make


@pytest.fixture
def gold(storage: Path) -> Callable[[Any], None]:
    def write(frame: Any) -> None:
        place = gold_path(CARDS, storage)
        place.parent.mkdir(parents=True, exist_ok=True)
        write_deltalake(str(place), frame.toArrow(), mode="overwrite")

    return write


@pytest.fixture
def logged(path: Path, tmp_path: Path) -> Iterator[OnlineStore]:
    store = open_store(f"sqlite:///{path}", answers=tmp_path / "answers", sample=1.0)
    yield store
    store.close()


def tiles(frame: Any) -> Any:
    return to_tiles(frame, CARDS.rollings, keys="card", time="paid_at")


def read(store: OnlineStore) -> list[Any]:
    """Both cards and an unknown one, as their windows empty."""
    keys = [{"card": card} for card in ("C1", "C2", "C3")]
    found = [store.lookup_many("cards", keys, "empty", at=NOW + timedelta(minutes=minutes)) for minutes in (0, 1.5, 2, 4.25, 59)]
    store.close()
    return [answer.features["count_5m"] for answers in found for answer in answers[:2]]


@pytest.mark.slow
def test_windows_equal_those_that_spark_merges_from_the_published_tiles(
    logged: OnlineStore, storage: Path, tmp_path: Path, events: Callable[..., Any], gold: Callable[..., None]
) -> None:
    gold(tiles(events(EVENTS)))
    publish(CARDS, storage, logged)
    counts = read(logged)
    gold(tiles(events([*EVENTS, ("C1", -1, 5.0)])))  # an event that comes late
    publish(CARDS, storage, logged)
    counts += read(logged)

    found = replay(storage, logged, tmp_path / "answers")

    assert counts == [1, 2, 1, 1, 1, 1, 0, 0, 0, 0, 2, 2, 2, 1, 2, 1, 0, 0, 0, 0]
    assert (found.document()["matched"], found.unexplained) == (30, 0)


def test_a_window_that_one_side_declares_otherwise_is_named(
    logged: OnlineStore, storage: Path, tmp_path: Path, events: Callable[..., Any], gold: Callable[..., None]
) -> None:
    count, spent = CARDS.features
    today = replace(CARDS, features=(replace(count, rolling=Rolling(function="count", window="10m", hop="1m")), spent))
    gold(tiles(events(EVENTS)))
    publish(CARDS, storage, logged)
    read(logged)

    document = replay(storage, logged, tmp_path / "answers", tables=[today]).document()

    assert [(each["feature"], each["mismatched"]) for each in document["features"]] == [("count_5m", 7), ("spent_1h", 0)]
    example = document["features"][0]["example"]
    assert (example["key"], example["online"], example["offline"]) == ({"card": "C1"}, 1, 2)
    assert document["definitions"][0]["changes"] == ["cards.count_5m.rolling.window was '5m' and is '10m'"]


@pytest.mark.slow
def test_gold_that_holds_events_is_tiled_on_both_sides(
    logged: OnlineStore, storage: Path, tmp_path: Path, events: Callable[..., Any], gold: Callable[..., None]
) -> None:
    gold(events(EVENTS))
    publish(CARDS, storage, logged)
    read(logged)

    found = replay(storage, logged, tmp_path / "answers")

    assert (found.document()["matched"], found.unexplained) == (15, 0)
