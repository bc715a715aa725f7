"""A storage of small Delta tables written without a JVM, and a store published from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from goldlane.features.declarations import Feature, FeatureTable
from goldlane.features.online import OnlineStore, open_store
from goldlane.features.publishing import publish

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
CUSTOMERS = FeatureTable(
    name="customers",
    keys=("customer_id",),
    event_time="as_of",
    features=(Feature(name="spent", type="bigint", description="cents"),),
)
VISITS = FeatureTable(
    name="visits",
    keys=("customer_id", "merchant_id"),
    event_time="as_of",
    features=(Feature(name="count", type="bigint", description="visits"),),
)
Write = Callable[..., DeltaTable]
_TYPES = {"as_of": pa.timestamp("us", "UTC"), "spent": pa.int64(), "count": pa.int64()}


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    folder = tmp_path / "storage"
    (folder / "tables" / "default").mkdir(parents=True)
    return folder


@pytest.fixture
def write(storage: Path) -> Write:
    """Append rows to a table of the storage, one file a call; with a change data feed."""

    def write(name: str, rows: list[dict[str, Any]], mode: Any = "append") -> DeltaTable:
        place = str(storage / "tables" / "default" / name)
        known = pa.schema([(field, _TYPES.get(field, pa.string())) for field in rows[0]])
        write_deltalake(place, pa.Table.from_pylist(rows, schema=known), mode=mode, configuration={"delta.enableChangeDataFeed": "true"})
        return DeltaTable(place)

    return write


@pytest.fixture
def filled(write: Write) -> None:
    """Bronze, quarantine and gold of the customers C1 and C2."""
    line = '{"transaction_id": "T9", "customer_id": "%s", "amou'
    unreadable = [{"customer_id": None, "amount": None, "_corrupt_record": line % who} for who in ("C1", "C12")]
    write("bronze", [{"customer_id": who, "amount": "1", "_corrupt_record": None} for who in ("C1", " C1 ", "C2", "C12")])
    write("bronze", unreadable)
    write("customers", [{"customer_id": who, "as_of": NOON, "spent": 100} for who in ("C1", "C2")])
    write("visits", [{"customer_id": who, "merchant_id": "M1", "as_of": NOON, "count": 1} for who in ("C1", "C2")])
    write("merchants", [{"merchant_id": "C1", "name": "a shop"}])


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'online.db'}"


@pytest.fixture
def store(url: str, storage: Path, filled: None) -> Iterator[OnlineStore]:
    """A store with ``customers`` and ``visits``."""
    del filled
    store = open_store(url)
    for table in (CUSTOMERS, VISITS):
        publish(table, storage, store)
    yield store
    store.close()


def column(storage: Path, table: str, name: str) -> list[Any]:
    """One column of a table, sorted, NULL last."""
    values = pa.table(DeltaTable(str(storage / "tables" / "default" / table)).to_pyarrow_table().select([name])).column(0).to_pylist()
    return sorted(values, key=lambda value: (value is None, value))
