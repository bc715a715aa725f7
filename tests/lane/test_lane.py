"""The declared pipeline, run for real over a handful of lines that land in two deliveries; read by every test below."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import goldlane
from expectations import RULES
from features import FEATURE_TABLES, REAL_TIME_FEATURES
from goldlane.features import open_store, publish

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from goldlane.features import FeatureTable
    from goldlane.pipelines import Update

pytestmark = pytest.mark.slow

PIPELINE = Path(__file__).resolve().parents[2] / "pipelines" / "dlt"
AT = "2026-01-10T10:00:00+01:00"


def sale(name: str | None, amount: str, at: str = AT, **more: str) -> dict[str, object]:
    countries = {"card_country": "DE", "merchant_country": "FR"}
    return {
        "transaction_id": name,
        "customer_id": "C1",
        "merchant_id": "M1",
        "amount": amount,
        "currency": "EUR",
        "event_time": at,
        **countries,
        **more,
    }


def change(operation: str, sequence: int, at: str, **values: object) -> dict[str, object]:
    return {"operation": operation, "sequence": sequence, "changed_at": at, **values}


ADA = {
    "customer_id": "C1",
    "full_name": "Ada",
    "email": "a@x",
    "email_verified": False,
    "home_country": "DE",
    "created_at": "2026-01-01T00:00:00Z",
}
SHOP = {"merchant_id": "M1", "name": "Shop", "mcc": "5411", "country": "FR", "onboarded_at": "2025-01-01T00:00:00Z"}
FIRST = {
    "transactions": [
        sale("t1", "1.00"),
        sale("t2", "2.00", "2026-01-11T10:00:00Z"),
        sale("t1", "1.50"),
        sale(None, "3.00"),
        sale("t3", "-3.00"),
        sale("t4", "12,50 EUR"),
    ],
    "customers": [
        change("UPDATE", 2, "2026-01-10T12:00:00Z", **{**ADA, "home_country": "FR"}),
        change("INSERT", 1, "2026-01-01T00:00:00Z", **ADA),
    ],
    "merchants": [change("INSERT", 1, "2025-01-01T00:00:00Z", **SHOP)],
    "chargebacks": [{"transaction_id": "t1", "reported_at": "2026-01-11T12:00:00Z", "reason": "fraud"}],
}
SECOND = {
    "transactions": [
        sale("t2", "2.50", "2026-01-11T10:00:00Z", device_id="d1"),
        sale("t5", "5.00", "2026-01-20T10:00:00Z", device_id="d1"),
        sale("t6", "6.00", "2026-01-02T10:00:00Z"),
    ],
    "customers": [
        change("DELETE", 3, "2026-01-15T00:00:00Z", customer_id="C1"),
        change("MERGE", 4, AT, customer_id="C1"),
    ],
    "merchants": [change("DELETE", 2, "2026-01-15T00:00:00Z", merchant_id="M1"), change("INSERT", 3, "2026-01-16T00:00:00Z", name="?")],
    "chargebacks": [
        {"transaction_id": "t5", "reported_at": "2026-01-20T12:00:00Z", "reason": "other"},
        {"transaction_id": "t6", "reported_at": "yesterday", "reason": "other"},
    ],
}
CUT = '{"transaction_id": "t7", "amo\n'


@dataclass(frozen=True, kw_only=True)
class Lane:
    """Two updates, each after its delivery."""

    first: Update
    second: Update

    def rows(self, table: str, *columns: str) -> list[tuple[object, ...]]:
        """The table's rows after the second update, in the order of their values."""
        frame = self.second.table(table).selectExpr(*columns)
        return sorted((tuple(row) for row in frame.collect()), key=repr)


def land(folder: Path, batch: int, feeds: Mapping[str, Sequence[Mapping[str, object]]], *, extra: str = "") -> None:
    for feed, rows in feeds.items():
        file = folder / feed / f"batch-{batch:02d}-part-01.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        file.write_text(lines + (extra if feed == "transactions" else ""), encoding="utf-8")
        os.utime(file, (1_768_000_000 + batch, 1_768_000_000 + batch))


@pytest.fixture(scope="module")
def lane(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lane:
    folder = tmp_path_factory.mktemp("lane")

    def update() -> Update:
        conf = {"payments.landing": str(folder / "landing")}
        ran = goldlane.run(PIPELINE, storage=folder / "storage", spark=spark, configuration=conf)
        ran.raise_for_status()
        return ran

    land(folder / "landing", 1, FIRST, extra=CUT)
    first = update()
    land(folder / "landing", 2, SECOND)
    return Lane(first=first, second=update())


def test_of_two_lines_with_one_id_the_later_line_wins_and_then_the_later_file(lane: Lane) -> None:
    assert lane.rows("silver_transactions", "transaction_id", "amount", "device_id") == [
        ("t1", Decimal("1.50"), None),
        ("t2", Decimal("2.50"), "d1"),
        ("t5", Decimal("5.00"), "d1"),
        ("t6", Decimal("6.00"), None),
    ]


def test_a_broken_row_is_quarantined_with_its_reasons_and_its_text(lane: Lane) -> None:
    quarantined = lane.rows("silver_transactions_quarantine", "_broken_rules[0]", "transaction_id", "_raw.amount")

    assert quarantined == [
        ("amount_is_a_number", "t4", "12,50 EUR"),
        ("amount_is_positive", "t3", "-3.00"),
        ("line_is_readable", None, None),
        ("transaction_id_is_present", None, "3.00"),
    ]


@pytest.mark.parametrize(
    "feed, reasons",
    [
        ("customers", ["operation_is_known", "created_at_is_present"]),
        ("merchants", ["merchant_id_is_present", "mcc_is_a_code"]),
        ("chargebacks", ["reported_at_is_present"]),
    ],
)
def test_every_feed_has_its_quarantine(lane: Lane, feed: str, reasons: list[str]) -> None:
    assert lane.rows(f"silver_{feed}_quarantine", "_broken_rules", "_quarantined_at IS NOT NULL") == [(reasons, True)]


def test_the_rules_about_the_gold_tables_are_counted_after_the_write(lane: Lane) -> None:
    counts = {rule.name: (rule.passed, rule.failed) for rule in lane.second["merchant_features_checks"].expectations}

    assert counts == {
        "merchant_id_and_as_of_is_the_key": (1, 0),
        "row_count_is_in_range": (1, 0),
        "merchant_id_is_in_silver_merchants": (0, 1),
    }
    assert lane.rows("merchant_features_checks", "merchant_id_is_in_silver_merchants") == [(4,)]


def test_the_gold_tables_pass_the_gate(lane: Lane, tmp_path: Path) -> None:
    storage = lane.second.events_path.parents[1]
    store = open_store(f"sqlite:///{tmp_path / 'online.db'}")

    published = [publish(table, storage, store, rules=RULES.get(table.name)) for table in FEATURE_TABLES]

    assert {each.table: sum(rule.failed for rule in each.rules) for each in published} == {
        "merchant_features": 4,
        "customer_features": 0,
        "real_time_features": 0,
    }


def test_every_line_is_kept_superseded_or_quarantined(lane: Lane) -> None:
    read, dropped = (
        sum(numbers)
        for numbers in zip(
            *((u["bronze_transactions"].output_rows, u["silver_transactions"].dropped_rows) for u in (lane.first, lane.second)), strict=True
        )
    )
    kept, quarantined = (len(lane.rows(table, "transaction_id")) for table in ("silver_transactions", "silver_transactions_quarantine"))
    superseded = 2

    assert (read, dropped) == (10, quarantined)
    assert read == kept + superseded + quarantined


def test_a_customer_has_every_version_and_a_deleted_one_ends(lane: Lane) -> None:
    versions = lane.rows("silver_customers", "home_country", "string(__START_AT.changed_at)", "string(__END_AT.changed_at)")

    assert versions == [
        ("DE", "2026-01-01 00:00:00", "2026-01-10 12:00:00"),
        ("FR", "2026-01-10 12:00:00", "2026-01-15 00:00:00"),
    ]


def test_a_deleted_merchant_is_gone(lane: Lane) -> None:
    assert lane.rows("silver_merchants", "merchant_id") == []


def test_the_newest_day_is_replaced_as_more_arrives(lane: Lane) -> None:
    history = lane.rows("merchant_features", "string(as_of)", "weekly_velocity", "fraud_rate_30d", "risk_tier")

    assert history == [
        ("2026-01-02 23:59:59.999999", 1, 0.0, "low"),
        ("2026-01-10 23:59:59.999999", 1, 0.0, "low"),
        ("2026-01-11 23:59:59.999999", 2, 1 / 3, "high"),
        ("2026-01-20 12:00:00", 1, 0.25, "high"),
    ]


def test_a_customer_is_described_as_of_each_day(lane: Lane) -> None:
    history = lane.rows("customer_features", "string(as_of)", "home_country", "account_age_days", "txn_count_30d")

    assert history == [
        ("2026-01-02 23:59:59.999999", "DE", 1, 1),
        ("2026-01-10 23:59:59.999999", "FR", 9, 2),
        ("2026-01-11 23:59:59.999999", "FR", 10, 3),
        ("2026-01-20 12:00:00", None, None, 4),
    ]


def test_the_real_time_events_are_unique_and_none_is_later_than_its_watermark(lane: Lane) -> None:
    events = lane.rows("real_time_features", "transaction_id", "as_of")

    assert events == [("t1", datetime(2026, 1, 10, 9, 0)), ("t2", datetime(2026, 1, 11, 10, 0)), ("t5", datetime(2026, 1, 20, 10, 0))]  # noqa: DTZ001
    assert lane.second["real_time_features"].counts.late_rows == 1


@pytest.mark.parametrize("table", [table for table in FEATURE_TABLES if not table.has_tiles], ids=lambda table: table.name)
def test_a_feature_table_holds_exactly_the_columns_and_types_it_declares(lane: Lane, spark: SparkSession, table: FeatureTable) -> None:
    declared = spark.createDataFrame([], table.ddl(primary_key=False)).dtypes

    assert lane.second.table(table.name).dtypes == declared


def test_every_real_time_event_is_in_one_tile_of_each_hop(lane: Lane) -> None:
    tiles = lane.second.table("real_time_features_tiles")

    counts = tiles.selectExpr(
        "hop div 60000000 AS minutes", "coalesce(partials.txn_count_5m, partials.txn_count_1h, partials.txn_count_24h).n AS n"
    )

    assert dict(counts.groupBy("minutes").sum("n").collect()) == {0: 3, 1: 3, 5: 3, 60: 3}
    assert set(tiles.select("partials.*").columns) == {feature.name for feature in REAL_TIME_FEATURES.features}
