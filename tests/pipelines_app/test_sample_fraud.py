"""Fraud follows patterns, is rare, and shows only in chargebacks, which come after the sale and in their own time."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from pipelines.sample import Ledger, write

SALES = 40_000
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
BATCH = timedelta(days=22.5)


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ledger]:
    folder = tmp_path_factory.mktemp("landing")
    return folder, write(folder, transactions=SALES, faults=0)


def rows(folder: Path, feed: str) -> list[tuple[int, dict[str, Any]]]:
    files = sorted((folder / feed).iterdir())
    return [(int(file.name.split("-")[1]), json.loads(line)) for file in files for line in file.read_text().splitlines()]


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@pytest.fixture(scope="module")
def sales(landing: tuple[Path, Ledger]) -> dict[str, dict[str, Any]]:
    return {sale["transaction_id"]: sale for _, sale in rows(landing[0], "transactions")}


@pytest.fixture(scope="module")
def frauds(landing: tuple[Path, Ledger], sales: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The sales whose fraud was reported within the period."""
    return [sales[row["transaction_id"]] for _, row in rows(landing[0], "chargebacks") if row["reason"] == "fraud"]


def test_a_chargeback_comes_2_to_45_days_after_its_sale(landing: tuple[Path, Ledger], sales: dict[str, dict[str, Any]]) -> None:
    chargebacks = [row for _, row in rows(landing[0], "chargebacks")]

    delays = [time_of(row["reported_at"]) - time_of(sales[row["transaction_id"]]["event_time"]) for row in chargebacks]

    assert timedelta(days=2) <= min(delays) < max(delays) <= timedelta(days=45)


def test_a_chargeback_arrives_in_the_batch_of_its_report(landing: tuple[Path, Ledger]) -> None:
    for batch, row in rows(landing[0], "chargebacks"):
        assert batch == (time_of(row["reported_at"]) - START) // BATCH + 1


def test_a_sale_is_charged_back_once_at_most(landing: tuple[Path, Ledger]) -> None:
    copies = Counter(row["transaction_id"] for _, row in rows(landing[0], "chargebacks"))

    assert max(copies.values()) == 1


def test_all_four_reasons_occur_and_the_ledger_counts_the_lines(landing: tuple[Path, Ledger]) -> None:
    folder, ledger = landing

    chargebacks = rows(folder, "chargebacks")

    assert {row["reason"] for _, row in chargebacks} == {"fraud", "not_received", "duplicate", "other"}
    assert {entry.batch: entry.counts["chargebacks"] for entry in ledger.batches} == Counter(batch for batch, _ in chargebacks)


def test_chargebacks_of_faulty_samples_still_find_a_sale_that_is_clean(tmp_path: Path) -> None:
    write(tmp_path, transactions=2_000, faults=0.3)
    lines = [line for file in (tmp_path / "transactions").iterdir() for line in file.read_text().splitlines() if line.endswith("}")]
    clean = {sale["transaction_id"]: sale for sale in map(json.loads, lines) if sale["currency"] not in {"XXX", "ZZZ"}}

    for _, row in rows(tmp_path, "chargebacks"):
        assert Decimal(clean[row["transaction_id"]]["amount"]) > 0


@pytest.mark.parametrize("transactions", [200, 600, 5_000])
def test_no_landing_folder_starts_empty(tmp_path: Path, transactions: int) -> None:
    ledger = write(tmp_path, transactions=transactions)

    assert min(ledger.batches[0].counts[feed] for feed in ("rows", "customers", "merchants", "chargebacks")) >= 1


def test_fraud_is_about_one_sale_in_a_hundred(frauds: list[dict[str, Any]]) -> None:
    assert 0.005 < len(frauds) / SALES < 0.015


def test_few_merchants_see_much_of_the_fraud(frauds: list[dict[str, Any]]) -> None:
    at_merchant = Counter(sale["merchant_id"] for sale in frauds)

    worst = sum(count for _, count in at_merchant.most_common(10))

    assert worst / len(frauds) > 3 * 10 / (SALES / 200)


def test_stolen_cards_are_used_several_times_within_an_hour_mostly_abroad(frauds: list[dict[str, Any]]) -> None:
    of_card = defaultdict(list)
    for sale in frauds:
        of_card[sale["customer_id"]].append((time_of(sale["event_time"]), sale["card_country"] != sale["merchant_country"]))
    times = {card: sorted(uses) for card, uses in of_card.items()}

    bursts = [uses[:4] for uses in times.values() if len(uses) >= 4 and uses[3][0] - uses[0][0] < timedelta(hours=1)]

    abroad = [is_abroad for uses in bursts for _, is_abroad in uses]
    assert len(bursts) >= 10
    assert sum(abroad) / len(abroad) > 0.6


def test_fraud_is_dearer_than_other_sales(frauds: list[dict[str, Any]], sales: dict[str, dict[str, Any]]) -> None:
    in_euro = [Decimal(sale["amount"]) for sale in sales.values() if sale["currency"] == "EUR"]
    stolen_euro = [Decimal(sale["amount"]) for sale in frauds if sale["currency"] == "EUR"]

    assert median(stolen_euro) > 2 * median(in_euro)


def test_people_buy_by_day_and_sleep_at_night(sales: dict[str, dict[str, Any]]) -> None:
    hours = Counter(int(sale["event_time"][11:13]) for sale in sales.values() if sale["card_country"] == sale["merchant_country"])

    assert hours[17] > 5 * hours[3]
