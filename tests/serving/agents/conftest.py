"""The lane's real declarations in a store that needed no JVM: one merchant, one customer, and the tiles of two payments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from features import CUSTOMER_FEATURES, MERCHANT_FEATURES, REAL_TIME_FEATURES
from goldlane.features.arrow_batches import arrow_schema
from goldlane.features.declarations import FeatureTable
from goldlane.features.durations import microseconds
from goldlane.features.gold import gold_path
from goldlane.features.online import OnlineStore, open_store
from goldlane.features.online.values import microseconds_of
from goldlane.features.publishing import publish
from goldlane.features.tiles import tile_of

MERCHANT = ("M00042", timedelta(hours=2), "high", 23, 1.1 / 3, 1234.567891, 17, 0.0612345678, None)
CUSTOMER = ("C00007", timedelta(days=1), 812, True, "DE", 3, 9, 41, 10.1, 25.25 / 3, 1234567.891, 23, 0.1, 2 / 3, 86399.123456)
PAYMENTS = [(timedelta(seconds=90), Decimal("250.00")), (timedelta(minutes=40), Decimal("19.99"))]


def put(url: str, table: FeatureTable, *rows: tuple[Any, ...]) -> None:
    schema, store = arrow_schema(table), open_store(url)
    publish(table, pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema), store, "snapshot")
    store.close()


def write_tiles(storage: Path, customer: str, now: datetime) -> None:
    """The tiles of ``PAYMENTS`` as Spark makes them: a row per hop, with what its windows need; hop 1 is every microsecond."""
    count, amount = pa.struct([("n", pa.int64())]), pa.struct([("n", pa.int64()), ("total", pa.decimal128(28, 2))])
    kinds = {feature.name: count if feature.type == "bigint" else amount for feature in REAL_TIME_FEATURES.features}
    hops = {name: microseconds(rolling.hop) for name, rolling in zip(kinds, REAL_TIME_FEATURES.rollings, strict=True) if rolling.hop}
    groups: dict[tuple[int, int], list[tuple[datetime, Decimal]]] = {}
    for age, paid in PAYMENTS:
        at = now - age
        for hop in {1, *hops.values()}:
            groups.setdefault((hop, tile_of(microseconds_of(at), hop)), []).append((at, paid))
    rows = [
        {
            "customer_id": customer,
            "hop": hop,
            "tile": tile,
            "at": max(found)[0],
            "partials": {name: _partial(kinds[name] == amount, found) if hop in (1, hops[name]) else None for name in kinds},
        }
        for (hop, tile), found in groups.items()
    ]
    columns = [("customer_id", pa.string()), ("hop", pa.int64()), ("tile", pa.int64()), ("at", pa.timestamp("us", "UTC"))]
    schema = pa.schema([*columns, ("partials", pa.struct(list(kinds.items())))])
    storage.mkdir()
    place = gold_path(REAL_TIME_FEATURES, storage)
    place.parent.mkdir(parents=True)
    write_deltalake(str(place), pa.Table.from_pylist(rows, schema=schema))


def _partial(sums: bool, found: list[tuple[datetime, Decimal]]) -> dict[str, Any]:  # noqa: FBT001  which of the two functions it is
    return {"n": len(found), "total": sum(paid for _, paid in found)} if sums else {"n": len(found)}


def _dated(row: tuple[Any, ...], now: datetime) -> tuple[Any, ...]:
    """``(key, age, *features)`` with its time."""
    key, age, *features = row
    return (key, now - age, *features)


@pytest.fixture(scope="module")
def lane_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store that nobody writes to: read by every test that needs the lane's tables. Its rows are as old as they say when it is made."""
    folder, now = tmp_path_factory.mktemp("lane"), datetime.now(timezone.utc).replace(microsecond=0)
    url = f"sqlite:///{folder}/online.db"
    put(url, MERCHANT_FEATURES, _dated(MERCHANT, now))
    put(url, CUSTOMER_FEATURES, _dated(CUSTOMER, now))
    write_tiles(folder / "storage", "C00007", now)
    store = open_store(url)
    publish(REAL_TIME_FEATURES, folder / "storage", store)
    store.close()
    return url


@pytest.fixture
def lane(lane_url: str) -> Iterator[OnlineStore]:
    store = open_store(lane_url)
    yield store
    store.close()


Rows = Callable[..., None]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store of the test's own."""
    return f"sqlite:///{tmp_path}/online.db"


@pytest.fixture
def rows(url: str) -> Rows:
    """Replace a table of the test's own store by ``(key, age of the row, *features)``."""

    def write(table: FeatureTable, *given: tuple[Any, ...]) -> None:
        put(url, table, *(_dated(row, datetime.now(timezone.utc)) for row in given))

    return write


@pytest.fixture
def store(url: str) -> Iterator[OnlineStore]:
    store = open_store(url)
    yield store
    store.close()
