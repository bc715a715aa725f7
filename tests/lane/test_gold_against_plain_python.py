"""Both gold tables over a random history, against an oracle that knows no Spark: loops over rows, windows by comparison."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from pipelines.gold.customer_features import customer_features
from pipelines.gold.merchant_features import merchant_features

if TYPE_CHECKING:
    from pyspark.sql import Row, SparkSession

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
SALES = (
    "transaction_id STRING, customer_id STRING, merchant_id STRING, amount DECIMAL(18,2), event_time TIMESTAMP, "
    "card_country STRING, merchant_country STRING"
)
REPORTS = "transaction_id STRING, reported_at TIMESTAMP, reason STRING"
VERSIONS = (
    "customer_id STRING, email_verified BOOLEAN, home_country STRING, created_at TIMESTAMP, "
    "__START_AT STRUCT<changed_at: TIMESTAMP>, __END_AT STRUCT<changed_at: TIMESTAMP>"
)


@dataclass(frozen=True, kw_only=True)
class Sale:
    name: str
    customer: str
    merchant: str
    amount: Decimal
    at: datetime
    card: str
    shop: str


@dataclass(frozen=True, kw_only=True)
class Report:
    sale: Sale
    at: datetime
    reason: str


def a_history(seed: int) -> tuple[list[Sale], list[Report]]:
    """120 sales on and off over 100 days, many on whole days and shared instants, so that window edges and ties are met."""
    dice = random.Random(seed)  # noqa: S311  test data
    sales = [
        Sale(
            name=f"t{number}",
            customer=f"C{dice.randrange(4)}",
            merchant=f"M{dice.randrange(4)}",
            amount=Decimal(dice.randrange(1, 99_999)) / 100,
            at=START + DAY * dice.randrange(100) + timedelta(hours=dice.choice((0, 0, 6, 7, 12, 23))) - MICROSECOND * dice.randrange(2),
            card=dice.choice(("DE", "FR")),
            shop=dice.choice(("DE", "FR")),
        )
        for number in range(120)
    ]
    charged_back = dice.sample(sales, 40)
    return sales, [
        Report(sale=sale, at=sale.at + DAY * dice.randrange(2, 45), reason=dice.choice(("fraud", "other"))) for sale in charged_back
    ]


def as_ofs(times: Sequence[datetime], newest: datetime) -> list[datetime]:
    days = sorted({at.date() for at in times})
    return [
        max(at for at in times if at.date() == day)
        if day == newest.date()
        else datetime.combine(day, datetime.min.time(), timezone.utc) + DAY - MICROSECOND
        for day in days
    ]


def mean(amounts: Sequence[Decimal]) -> float | None:
    return float(sum(amounts)) / len(amounts) if amounts else None


def ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def merchant_row(sales: Sequence[Sale], reports: Sequence[Report], as_of: datetime) -> dict[str, object]:
    def sold(days: int) -> list[Sale]:
        return [sale for sale in sales if as_of - DAY * days < sale.at <= as_of]

    def reported(days: int) -> list[Report]:
        return [report for report in reports if as_of - DAY * days < report.at <= as_of]

    fraud_rate = ratio(sum(report.reason == "fraud" for report in reported(30)), len(sold(30)))
    return {
        "risk_tier": "high" if (fraud_rate or 0) > 0.05 else "medium" if (fraud_rate or 0) > 0.02 else "low",
        "weekly_velocity": len(sold(7)),
        "avg_daily_txns_30d": len(sold(30)) / 30,
        "avg_txn_amount_30d": mean([sale.amount for sale in sold(30)]),
        "unique_customers_30d": len({sale.customer for sale in sold(30)}),
        "fraud_rate_30d": fraud_rate,
        "chargeback_rate_90d": ratio(len(reported(90)), len(sold(90))),
    }


def customer_row(sales: Sequence[Sale], _: Sequence[Report], as_of: datetime) -> dict[str, object]:
    def sold(days: int) -> list[Sale]:
        return [sale for sale in sales if as_of - DAY * days < sale.at <= as_of]

    last = max((sale.at for sale in sales if sale.at <= as_of), default=None)
    return {
        **{f"txn_count_{days}d": len(sold(days)) for days in (1, 7, 30)},
        **{f"avg_txn_amount_{days}d": mean([sale.amount for sale in sold(days)]) for days in (1, 7, 30)},
        "distinct_merchants_30d": len({sale.merchant for sale in sold(30)}),
        "night_share_30d": ratio(sum(sale.at.hour <= 6 for sale in sold(30)), len(sold(30))),
        "foreign_share_30d": ratio(sum(sale.shop != sale.card for sale in sold(30)), len(sold(30))),
        "seconds_since_last_txn": None if last is None else (as_of - last) / timedelta(seconds=1),
        **account(as_of),
    }


def account(as_of: datetime) -> dict[str, object]:
    """The customers of `versions`: German until day 50, French from then on, deleted on day 90."""
    if as_of >= START + 90 * DAY:
        return {"account_age_days": None, "email_verified": None, "home_country": None}
    verified = as_of >= START + 50 * DAY
    return {"account_age_days": (as_of - (START - 10 * DAY)) // DAY, "email_verified": verified, "home_country": "FR" if verified else "DE"}


def versions() -> list[tuple[object, ...]]:
    opened, moved, left = START - 10 * DAY, START + 50 * DAY, START + 90 * DAY
    german = [(f"C{number}", False, "DE", opened, (opened,), (moved,)) for number in range(4)]
    return [*german, *((f"C{number}", True, "FR", opened, (moved,), (left,)) for number in range(4))]


def expected(
    sales: Sequence[Sale], reports: Sequence[Report], key: str, row: Callable[..., dict[str, object]]
) -> dict[tuple[str, datetime], dict[str, object]]:
    newest = max(event.at for event in [*sales, *reports])
    result = {}
    for entity in sorted({getattr(sale, key) for sale in sales}):
        sold = [sale for sale in sales if getattr(sale, key) == entity]
        reported = [report for report in reports if getattr(report.sale, key) == entity]
        for as_of in as_ofs([event.at for event in [*sold, *reported]], newest):
            result[entity, as_of] = row(sold, reported, as_of)
    return result


def computed(rows: Sequence[Row], key: str) -> dict[tuple[str, datetime], dict[str, object]]:
    values = [row.asDict() for row in rows]
    assert len({(row[key], row["as_of"]) for row in values}) == len(values)
    return {(row.pop(key), row.pop("as_of").replace(tzinfo=timezone.utc)): row for row in values}


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_both_tables_hold_what_loops_over_the_history_find(spark: SparkSession, seed: int) -> None:
    sales, reports = a_history(seed)
    transactions = spark.createDataFrame([(s.name, s.customer, s.merchant, s.amount, s.at, s.card, s.shop) for s in sales], SALES)
    chargebacks = spark.createDataFrame([(report.sale.name, report.at, report.reason) for report in reports], REPORTS)
    customers = spark.createDataFrame(versions(), VERSIONS)

    merchants = merchant_features(transactions, chargebacks).collect()
    people = customer_features(transactions, chargebacks, customers).collect()

    assert computed(merchants, "merchant_id") == expected(sales, reports, "merchant", merchant_row)
    assert computed(people, "customer_id") == expected(sales, reports, "customer", customer_row)
