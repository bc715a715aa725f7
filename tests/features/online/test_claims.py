"""One continuous publisher per table and store; and what a store hands back of the tiles that it keeps."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from goldlane.errors import UsageError
from goldlane.features.arrow_batches import key_schema
from goldlane.features.declarations import Feature, FeatureTable, Rolling
from goldlane.features.gold_publishing import publish_gold
from goldlane.features.lakehouse import Lakehouse
from goldlane.features.online import OnlineStore, Publication, open_store
from goldlane.features.online.store import ClaimedError
from goldlane.features.publishing import Published, publish
from goldlane.features.publishing_all import publish_all

HOLDER = """
import sys, time
from goldlane.features.declarations import Feature, FeatureTable
from goldlane.features.online import open_store
table = FeatureTable(name="merchants", keys=("k",), event_time="t", features=(Feature(name="a", type="int", description="a"),))
with open_store(sys.argv[1]).claiming(table):
    print("mine", flush=True)
    time.sleep(60)
"""
TILED = FeatureTable(
    name="cards",
    keys=("card", "day", "limit"),
    key_types={"day": "date", "limit": "decimal(10,2)"},
    event_time="as_of",
    features=(Feature(name="n", type="bigint", description="n", rolling=Rolling(function="count", window="5m", hop="1m")),),
)


def test_a_second_continuous_publisher_of_a_table_is_refused_until_the_first_is_dead(merchants: FeatureTable, path: Path) -> None:
    url = f"sqlite:///{path}"
    with subprocess.Popen([sys.executable, "-c", HOLDER, url], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "mine\n"

        with pytest.raises(UsageError, match=rf"merchants is already published continuously into .*, by process {first.pid}"):
            open_store(url).claiming(merchants).__enter__()
        first.kill()
        first.wait()
        with open_store(url).claiming(merchants):
            pass


def test_other_tables_of_the_store_can_be_claimed_meanwhile(store: OnlineStore, merchants: FeatureTable) -> None:
    with store.claiming(merchants), store.claiming(TILED):
        pass


@pytest.fixture
def streamed(store: OnlineStore, merchants: FeatureTable, frame: Callable[..., Any]) -> Iterator[OnlineStore]:
    """A store whose table somebody publishes continuously from a stream."""
    with store.publishing(merchants) as writer:
        writer.upsert(frame([("M1", 5, "low", 5)]).to_batches())
        writer.record(Publication(table=merchants, source_id="a stream", version=1))
    with store.claiming(merchants):
        yield store


def test_a_publish_leaves_a_table_alone_that_is_published_continuously_from_elsewhere(
    streamed: OnlineStore, merchants: FeatureTable, frame: Callable[..., Any], gold: Callable[..., Any], storage: Path
) -> None:
    gold([("M1", 1, "low", 1)])

    for source, mode in ((storage, "triggered"), (storage, "snapshot"), (frame([]), "snapshot")):
        with pytest.raises(ClaimedError, match="merchants is already published continuously into"):
            publish(merchants, source, streamed, mode)  # type: ignore[arg-type]  # one of its modes

    assert streamed.lookup("merchants", {"merchant_id": "M1"}).features["velocity"] == 5


def test_a_publish_of_all_tables_leaves_it_to_its_publisher_and_says_so(
    streamed: OnlineStore, merchants: FeatureTable, gold: Callable[..., Any], storage: Path
) -> None:
    gold([("M1", 1, "low", 1)])

    (left,) = publish_all([merchants], Lakehouse(storage=storage), streamed)

    assert isinstance(left, Published)
    assert (left.rows_written, left.is_left) == (0, True)
    assert (left.note or "").startswith("left as it is: merchants is already published continuously into")


def test_a_frame_may_add_rows_to_a_table_that_is_published_continuously(
    streamed: OnlineStore, merchants: FeatureTable, frame: Callable[..., Any]
) -> None:
    publish(merchants, frame([("M1", 6, "low", 6)]), streamed)

    assert streamed.lookup("merchants", {"merchant_id": "M1"}).features["velocity"] == 6


def test_whoever_has_claimed_a_table_publishes_it_from_another_source(
    streamed: OnlineStore, merchants: FeatureTable, gold: Callable[..., Any], storage: Path
) -> None:
    gold([("M1", 1, "low", 1)])

    published = publish_gold(merchants, storage, streamed, is_claimed=True)

    assert streamed.lookup("merchants", {"merchant_id": "M1"}).features["velocity"] == 1
    assert published.note == "published in full: what the store holds did not come from an earlier version of this gold table"


def test_a_writer_reads_back_the_tiles_of_some_keys_as_they_were_written(store: OnlineStore) -> None:
    schema = pa.schema(
        [*key_schema(TILED), ("hop", pa.int64()), ("tile", pa.int64()), ("at", pa.timestamp("us", "UTC")), ("partials", pa.string())]
    )
    at = datetime(2026, 1, 1, tzinfo=timezone.utc)
    rows = [
        (card, date(2026, 1, 1), Decimal("1.50"), 60_000_000, tile, at, '{"n":{"n":1}}') for card, tile in (("C1", 1), ("C1", 2), ("C2", 1))
    ]
    tiles = pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)
    with store.publishing(TILED) as writer:
        assert not list(writer.read_tiles(tiles.select(TILED.keys).to_batches()))
        writer.write_tiles(tiles.to_batches())
        writer.replace([])
        writer.record(Publication(table=TILED))

    with store.publishing(TILED) as writer:
        found = pa.Table.from_batches(list(writer.read_tiles(tiles.slice(0, 1).select(TILED.keys).to_batches())))
        writer.record(Publication(table=TILED))

    assert found == tiles.slice(0, 2)
