"""The declared pipeline over a small sample in two deliveries, published: checked against the landing files, read here without Spark."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from deltalake import DeltaTable
from pyspark.sql import functions as F

import goldlane
from expectations import RULES
from features import FEATURE_TABLES, CustomerContext, MerchantContext
from goldlane.features import open_store, publish
from pipelines.account import account
from pipelines.sample import plan
from pipelines.silver.chargebacks import typed_chargebacks
from pipelines.silver.customers import typed_customers
from pipelines.silver.merchants import typed_merchants
from pipelines.silver.transactions import typed_transactions

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from goldlane.features.contexts import Context
    from goldlane.features.online import OnlineStore
    from goldlane.pipelines import Update
    from pipelines.sample import Ledger

PIPELINE = Path(__file__).resolve().parents[2] / "pipelines" / "dlt"
CURRENCIES = {"EUR", "USD", "GBP", "CHF", "SEK", "PLN", "JPY"}
TYPED = {
    "silver_transactions": ("bronze_transactions", typed_transactions),
    "silver_customers": ("bronze_customers", typed_customers),
    "silver_merchants": ("bronze_merchants", typed_merchants),
    "silver_chargebacks": ("bronze_chargebacks", typed_chargebacks),
}
CONTEXTS: dict[str, type[Context]] = {"merchant_features": MerchantContext, "customer_features": CustomerContext}
DAY = timedelta(days=1)
Line = Mapping[str, Any]

pytestmark = pytest.mark.slow


@dataclass(frozen=True, kw_only=True)
class Lane:
    """Two deliveries, each run once, and the store that the gold tables were then published to."""

    spark: SparkSession
    folder: Path
    updates: tuple[Update, ...]
    ledger: Ledger
    store: OnlineStore

    def update(self) -> Update:
        return _update(self.spark, self.folder)

    def table(self, name: str) -> DataFrame:
        return self.updates[-1].table(name)

    def rows(self, name: str, *columns: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.table(name).select(*columns).collect()]

    def versions(self) -> dict[str, int]:
        folders = (self.folder / "storage" / "tables" / "default").iterdir()
        return {folder.name: DeltaTable(str(folder)).version() for folder in folders}

    def publish(self) -> list[int]:
        return [publish(table, self.folder / "storage", self.store).rows_written for table in FEATURE_TABLES]


@pytest.fixture(scope="module")
def lane(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lane:
    folder = tmp_path_factory.mktemp("sampled")
    sample = plan(transactions=600, seed=21, faults=0.2, batches=2)
    updates = []
    for delivery in (1, 2):
        ledger = sample.deliver(folder / "landing", delivery)
        updates.append(_update(spark, folder))
    found = Lane(spark=spark, folder=folder, updates=tuple(updates), ledger=ledger, store=open_store(f"sqlite:///{folder}/online.db"))
    found.publish()
    return found


def _update(spark: SparkSession, folder: Path) -> Update:
    landing = {"payments.landing": str(folder / "landing")}
    return goldlane.run(PIPELINE, storage=folder / "storage", spark=spark, configuration=landing).raise_for_status()


# What landed, read by other means than the lane's: files by time of arrival and name, line by line.


def lines(lane: Lane, feed: str) -> Iterator[Line]:
    files = (lane.folder / "landing" / feed).glob("*.json")
    for file in sorted(files, key=lambda file: (file.stat().st_mtime, file.name)):
        for text in file.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(text)
            except ValueError:
                continue


def instant(text: str) -> datetime:
    """As Spark hands it over: UTC, without saying so."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc).replace(tzinfo=None)


def amount(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def sales(lane: Lane) -> dict[str, Line]:
    """The last clean line of each transaction."""
    clean = (line for line in lines(lane, "transactions") if line["transaction_id"] and line["currency"] in CURRENCIES)
    return {line["transaction_id"]: line for line in clean if (amount(line["amount"]) or 0) > 0}


def newest_changes(lane: Lane, feed: str, key: str) -> dict[str, Line]:
    """The last change of each key that is not deleted, whatever the order of arrival."""
    in_order = sorted(lines(lane, feed), key=lambda line: (instant(line["changed_at"]), line["sequence"]))
    newest = {line[key]: line for line in in_order}
    return {name: line for name, line in newest.items() if line["operation"] != "DELETE"}


def happenings(lane: Lane) -> dict[str, list[tuple[datetime, str]]]:
    """For each merchant its sales and the reports against them, by time; a report counts where its sale is known."""
    sold, of_merchant = sales(lane), defaultdict(list)
    for line in sold.values():
        of_merchant[line["merchant_id"]].append((instant(line["event_time"]), "sale"))
    for name, line in {line["transaction_id"]: line for line in lines(lane, "chargebacks")}.items():
        if name in sold:
            of_merchant[sold[name]["merchant_id"]].append((instant(line["reported_at"]), line["reason"]))
    return of_merchant


def test_every_planted_line_is_accounted_for(lane: Lane) -> None:
    found = account(lane.updates)

    assert list(found.differences(lane.ledger)) == []
    assert found.read == found.kept + found.superseded + sum(found.quarantined.values()) + found.unreadable


def test_each_kind_of_fault_was_planted(lane: Lane) -> None:
    assert {kind: count for kind, count in lane.ledger.total.items() if not count} == {}


@pytest.mark.parametrize("feed,key", [("customers", "customer_id"), ("merchants", "merchant_id")])
def test_the_last_change_to_arrive_is_not_always_the_newest(lane: Lane, feed: str, key: str) -> None:
    arrived = {line[key]: line for line in lines(lane, feed)}

    assert any(arrived[name] != newest for name, newest in newest_changes(lane, feed, key).items())
    assert any(line["operation"] == "DELETE" for line in lines(lane, feed))


@pytest.mark.parametrize("table", RULES)
def test_no_rule_is_ever_null(lane: Lane, table: str) -> None:
    bronze, typed = TYPED.get(table, (table, lambda rows: rows))

    nulls = lane.table(bronze).transform(typed).select(*(F.count_if(F.expr(rule.sql).isNull()).alias(rule.name) for rule in RULES[table]))

    assert nulls.collect()[0].asDict() == {rule.name: 0 for rule in RULES[table]}


@pytest.mark.parametrize("table", RULES)
def test_each_rule_saw_every_row_of_each_update(lane: Lane, table: str) -> None:
    source, _ = TYPED.get(table, (table, None))

    for update in lane.updates:
        seen = {rule.name: rule.passed + rule.failed for rule in update[table].expectations}
        assert seen == {rule.name: update[source].output_rows for rule in RULES[table]}


def test_a_transaction_has_one_row_with_the_amount_delivered_last(lane: Lane) -> None:
    stored = lane.rows("silver_transactions", "transaction_id", "amount", "event_time", "customer_id", "device_id")

    landed = [
        (name, Decimal(line["amount"]), instant(line["event_time"]), line["customer_id"], line.get("device_id"))
        for name, line in sales(lane).items()
    ]
    assert sorted(stored) == sorted(landed)


def test_the_current_customers_are_what_replaying_the_feed_gives(lane: Lane) -> None:
    plain = ("customer_id", "full_name", "email", "email_verified", "home_country")
    current = lane.table("silver_customers").where("__END_AT IS NULL").select(*plain, "created_at", "__START_AT.changed_at").collect()

    replayed = [
        (*(line[name] for name in plain), instant(line["created_at"]), instant(line["changed_at"]))
        for line in newest_changes(lane, "customers", "customer_id").values()
    ]
    assert sorted(map(tuple, current)) == sorted(replayed)


def test_the_merchants_are_what_replaying_the_feed_gives(lane: Lane) -> None:
    plain = ("merchant_id", "name", "mcc", "country")
    stored = lane.rows("silver_merchants", *plain, "onboarded_at")

    replayed = [
        (*(line[name] for name in plain), instant(line["onboarded_at"]))
        for line in newest_changes(lane, "merchants", "merchant_id").values()
    ]
    assert sorted(stored) == sorted(replayed)


def test_a_merchant_has_a_row_at_the_end_of_each_of_its_days_and_on_the_newest_day_at_its_newest_time(lane: Lane) -> None:
    known = happenings(lane)
    newest_day = max(at for of_merchant in known.values() for at, _ in of_merchant).date()

    def as_of(of_merchant: list[tuple[datetime, str]], day: datetime) -> datetime:
        times = [at for at, _ in of_merchant if at.date() == day.date()]
        return max(times) if day.date() == newest_day else datetime.combine(day, time.max)

    expected = {(merchant, as_of(found, at)) for merchant, found in known.items() for at, _ in found}
    assert sorted(lane.rows("merchant_features", "merchant_id", "as_of")) == sorted(expected)


def test_velocity_and_rates_count_what_was_known_at_that_time(lane: Lane) -> None:
    known = happenings(lane)
    stored = lane.rows("merchant_features", "merchant_id", "as_of", "weekly_velocity", "fraud_rate_30d", "chargeback_rate_90d")

    def count(merchant: str, until: datetime, days: int, kinds: set[str]) -> int:
        return sum(until - days * DAY < at <= until and kind in kinds for at, kind in known[merchant])

    def rate(merchant: str, until: datetime, days: int, kinds: set[str]) -> float | None:
        sold = count(merchant, until, days, {"sale"})
        return count(merchant, until, days, kinds) / sold if sold else None

    reasons = {kind for found in known.values() for _, kind in found} - {"sale"}
    expected = [(who, at, count(who, at, 7, {"sale"}), rate(who, at, 30, {"fraud"}), rate(who, at, 90, reasons)) for who, at, *_ in stored]
    assert stored == expected


@pytest.mark.parametrize("table", [table for table in FEATURE_TABLES if not table.has_tiles], ids=lambda table: table.name)
def test_every_key_is_answered_with_its_newest_gold_row_as_a_typed_context(lane: Lane, table: Any) -> None:
    (key,), context = table.keys, CONTEXTS[table.name]
    gold = sorted((row.asDict() for row in lane.table(table.name).collect()), key=lambda row: row["as_of"])

    answers = {row[key]: lane.store.lookup(table.name, {key: row[key]}) for row in gold}

    newest = {row.pop(key): row for row in gold}
    told = {who: {**answer.features, "as_of": answer.as_of.replace(tzinfo=None)} for who, answer in answers.items()}
    assert told == newest
    typed = {who: context.from_answer({key: who}, answer).model_dump() for who, answer in answers.items()}
    assert {who: found["missing"] for who, found in typed.items()} == {who: answer.missing for who, answer in answers.items()}


def test_the_velocity_of_a_card_counts_the_tiles_that_its_window_covers(lane: Lane) -> None:
    events = defaultdict(list)
    for who, at, paid in lane.rows("real_time_features", "customer_id", "as_of", "amount"):
        events[who].append((at.replace(tzinfo=timezone.utc), paid))

    def told(who: str, window: str) -> tuple[object, object]:
        answer = lane.store.lookup("real_time_features", {"customer_id": who}, at=max(events[who])[0])
        return answer.features[f"txn_count_{window}"], answer.features[f"txn_amount_{window}"]

    def counted(who: str, hop: timedelta, window: timedelta) -> tuple[object, object]:
        newest = max(events[who])[0]
        epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
        begin = epoch + -((epoch - newest) // hop) * hop - window
        paid = [value for at, value in events[who] if begin < at <= newest]
        return len(paid), sum(paid)

    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    hops = {"5m": (minute, 5 * minute), "1h": (5 * minute, hour), "24h": (hour, DAY)}
    assert {(who, name): told(who, name) for who in events for name in hops} == {
        (who, name): counted(who, *sizes) for who in events for name, sizes in hops.items()
    }


def test_running_with_nothing_new_changes_nothing(lane: Lane) -> None:
    before, told = lane.versions(), lane.store.lookup("merchant_features", {"merchant_id": "M00001"})

    update = lane.update()

    assert {dataset.name: dataset.output_rows for dataset in update.datasets if dataset.output_rows} == {}
    assert lane.versions() == before
    assert lane.publish() == [0, 0, 0]
    again = lane.store.lookup("merchant_features", {"merchant_id": "M00001"})
    assert (again.features, again.as_of) == (told.features, told.as_of)
