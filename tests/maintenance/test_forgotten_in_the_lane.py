"""A customer of the payments lane is forgotten: no update, full refresh or publish brings them back, and the others stay as they were."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from deltalake import DeltaTable

import goldlane
from features import CUSTOMER_FEATURES, FEATURE_TABLES
from goldlane.features import open_store, publish
from goldlane.features.delta_files import ask
from goldlane.maintenance import forget

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from goldlane.features.online import OnlineStore
    from goldlane.pipelines import Update

pytestmark = pytest.mark.slow

PIPELINE = Path(__file__).resolve().parents[2] / "pipelines" / "dlt"
C1, C2 = {"customer_id": "C1"}, {"customer_id": "C2"}


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A landing folder, a storage and a store."""

    spark: SparkSession
    folder: Path
    store: OnlineStore

    @property
    def storage(self) -> Path:
        """The storage."""
        return self.folder / "storage"

    def run(self, **how: Any) -> Update:
        """One update, which must complete."""
        update = goldlane.run(
            [str(PIPELINE)],
            storage=str(self.storage),
            spark=self.spark,
            configuration={"payments.landing": str(self.folder / "landing")},
            **how,
        )
        assert update.status == "COMPLETED", [(dataset.name, dataset.error) for dataset in update.datasets if dataset.error]
        return update

    def publish(self) -> None:
        """Every feature table."""
        for table in FEATURE_TABLES:
            publish(table, self.storage, self.store)

    def customers(self, *layers: str) -> dict[str, set[str]]:
        """By table of the layers, the customers in its rows."""
        tables = [path for path in (self.storage / "tables" / "default").iterdir() if path.name.startswith(layers)]
        deltas = {path.name: DeltaTable(str(path)) for path in tables}
        return {
            name: {row["customer_id"] for batch in ask(delta, "SELECT DISTINCT customer_id FROM gold") for row in batch.to_pylist()}
            for name, delta in deltas.items()
            if "customer_id" in {field.name for field in delta.schema().fields}
        }


def land(folder: Path, batch: int, feeds: dict[str, Sequence[dict[str, object]]], extra: str = "") -> None:
    for feed, rows in feeds.items():
        file = folder / "landing" / feed / f"batch-{batch:02d}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(json.dumps(row) + "\n" for row in rows) + (extra if feed == "transactions" else ""), encoding="utf-8")
        os.utime(file, (1_768_000_000 + batch, 1_768_000_000 + batch))


def sale(name: str, customer: str, day: int, amount: str = "1.00") -> dict[str, object]:
    keys = {"transaction_id": name, "customer_id": customer, "merchant_id": "M1", "amount": amount, "currency": "EUR"}
    return {**keys, "event_time": f"2026-01-{day:02d}T10:00:00Z", "card_country": "DE", "merchant_country": "FR"}


def signed_up(customer: str) -> dict[str, object]:
    who = {"customer_id": customer, "full_name": f"Name of {customer}", "email": "a@x", "email_verified": True, "home_country": "DE"}
    return {"operation": "INSERT", "sequence": 1, "changed_at": "2026-01-01T00:00:00Z", **who, "created_at": "2026-01-01T00:00:00Z"}


@pytest.fixture(scope="module")
def lane(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lane]:
    """C1 and C2 landed, were published, and C1 was forgotten."""
    folder = tmp_path_factory.mktemp("lane")
    shop = {"merchant_id": "M1", "name": "Shop", "mcc": "5411", "country": "FR", "onboarded_at": "2025-01-01T00:00:00Z"}
    landed: dict[str, Sequence[dict[str, object]]] = {
        "transactions": [sale("t1", "C1", 10), sale("t2", "C2", 10), sale("t3", "C1", 11, "-1.00"), sale("t4", "C2", 11)],
        "customers": [signed_up("C1"), signed_up("C2")],
        "merchants": [{"operation": "INSERT", "sequence": 1, "changed_at": "2025-01-01T00:00:00Z", **shop}],
        "chargebacks": [{"transaction_id": "t1", "reported_at": "2026-01-11T12:00:00Z", "reason": "fraud"}],
    }
    land(folder, 1, landed, extra='{"transaction_id": "t9", "customer_id": "C1", "amou\n')
    lane = Lane(spark=spark, folder=folder, store=open_store(f"sqlite:///{folder / 'online.db'}"))
    lane.run()
    lane.publish()
    assert lane.store.lookup("customer_features", C1).features["txn_count_30d"] == 1
    forget(CUSTOMER_FEATURES, C1, lane.storage, lane.store)
    yield lane
    lane.store.close()


def test_the_forgotten_customer_does_not_come_back(lane: Lane) -> None:
    assert not [table for table, found in lane.customers("bronze", "silver", "customer", "real_time").items() if "C1" in found]
    assert not mentions(lane, "Name of C1")

    # Nothing new has come: the streams pass over the deletions.
    lane.run()
    again = [dataset for dataset in lane.run().datasets if dataset.kind != "view"]
    assert not [dataset.name for dataset in again if dataset.kind == "materialized_view" and dataset.status != "UNCHANGED"]
    assert not [dataset.name for dataset in again if dataset.output_rows]

    land(lane.folder, 2, {"transactions": [sale("t5", "C1", 12), sale("t6", "C2", 12)], "customers": [signed_up("C1")]})
    lane.run()
    lane.publish()
    expect_only_c2(lane, transactions=3)

    lane.run(full_refresh=True)
    lane.publish()
    expect_only_c2(lane, transactions=3)


def expect_only_c2(lane: Lane, *, transactions: int) -> None:
    found = lane.customers("silver", "customer", "real_time")
    assert {table for table, who in found.items() if "C1" in who} == set()
    assert {"silver_transactions", "silver_customers", "customer_features", "real_time_features_tiles"} <= set(found)
    for table in ("customer_features", "real_time_features"):
        assert lane.store.lookup(table, C1, unknown="empty").as_of is None
    assert lane.store.lookup("customer_features", C2).features["txn_count_30d"] == transactions
    assert lane.store.lookup("merchant_features", {"merchant_id": "M1"}).features["unique_customers_30d"] == 1


def mentions(lane: Lane, text: str) -> list[str]:
    """The tables, what AUTO CDC remembers among them, whose rows hold the text."""
    places = [log.parent for log in lane.storage.rglob("_delta_log") if log.parent.name != "events"]
    return [str(place) for place in places if text in str(lane.spark.read.format("delta").load(str(place)).collect())]
