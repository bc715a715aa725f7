from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.expectations import (
    Action,
    Rule,
    RuleError,
    Rules,
    check_table,
    count_broken,
    foreign_key,
    fresh_within,
    in_range,
    in_set,
    not_null,
    primary_key,
    row_count_between,
    sum_between,
    unique,
)
from goldlane.features.changes import GoldTable
from goldlane.features.delta_files import open_delta
from goldlane.features.gate import GateError
from goldlane.features.gate_queries import GateQueries
from goldlane.features.publishing import publish

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online import OnlineStore

Gold = Callable[..., Any]


def velocity(store: OnlineStore, key: str) -> Any:
    return store.lookup("merchants", {"merchant_id": key}, unknown="empty").features["velocity"]


@pytest.mark.parametrize(
    "case",
    [
        (row_count_between(high=2), "row_count_is_in_range: broken, found 3"),
        (unique("velocity"), "velocity_is_unique: 2 of 3 rows break it, as velocity = 1"),
        (sum_between("velocity", 10), "broken, found 4"),
        (fresh_within("as_of", timedelta(hours=1)), "as_of_is_fresh: broken, found 2026-01-01 03:00"),
        (in_range("velocity", high=1, action=Action.FAIL), "velocity_is_in_range: 1 of 3 rows break it (velocity <= 1)"),
        (in_set("tier", ["high"], action=Action.DROP), "3 of 3 rows break it"),
    ],
    ids=lambda case: case[0].name,
)
def test_a_gold_table_that_breaks_a_rule_is_not_published_and_the_store_keeps_its_rows(
    store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path, case: tuple[Any, str]
) -> None:
    rule, told = case
    gold([("M1", 1, "low", 1)])
    publish(merchants, storage, store)
    gold([("M1", 2, "low", 2), ("M2", 3, "low", 1)])

    with pytest.raises(GateError) as caught:
        publish(merchants, storage, store, rules=Rules(rule))

    assert told in str(caught.value)
    assert velocity(store, "M1") == 1
    assert publish(merchants, storage, store).rows_written == 2


def test_two_rows_of_one_key_and_time_are_not_published(store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path) -> None:
    gold([("M1", 1, "low", 1), ("M1", 1, "low", 2), ("M2", 1, "low", 1)])

    with pytest.raises(GateError, match="merchant_id_and_as_of_is_the_key: 2 of 3 rows break it, as merchant_id = M1, as_of = 2026"):
        publish(merchants, storage, store, rules=Rules())


def test_a_rule_that_warns_is_counted_and_the_table_published(
    store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path
) -> None:
    gold([("M1", 1, "low", 1), ("M2", 1, None, 2)])

    published = publish(merchants, storage, store, rules=Rules(not_null("tier"), row_count_between(5, action=Action.WARN)))

    assert published.rows_written == 2
    assert [(count.name, count.action, count.passed, count.failed) for count in published.rules] == [
        ("tier_is_not_null", Action.WARN, 1, 1),
        ("merchant_id_and_as_of_is_the_key", Action.FAIL, 2, 0),
        ("row_count_is_in_range", Action.WARN, 0, 1),
    ]


def test_a_rule_that_does_not_fit_the_gold_table_is_the_callers_mistake(
    store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path
) -> None:
    gold([("M1", 1, "low", 1)])

    with pytest.raises(RuleError, match="no column 'amount'"):
        publish(merchants, storage, store, rules=Rules(sum_between("amount", 1)))


def test_what_delta_rs_cannot_surely_answer_is_asked_of_spark(
    spark: SparkSession, store: OnlineStore, merchants: FeatureTable, gold: Gold, storage: Path
) -> None:
    del spark
    gold([("M1", 1, "low", 1), ("M2", 1, "lower", 2)])
    gold([("M3", 1, "low", 1)])

    with pytest.raises(GateError) as caught:
        publish(
            merchants, storage, store, rules=Rules(Rule(name="short", predicate="length(tier) < 4", action="fail"), row_count_between(3))
        )

    assert [(count.name, count.failed) for count in caught.value.rules] == [
        ("short", 1),
        ("merchant_id_and_as_of_is_the_key", 0),
        ("row_count_is_in_range", 0),
    ]


NAN = math.nan
VALUES = {
    "text": (None, "", "a", "it's", "é", "A", "~"),
    "number": (None, 0, 1, 2, 2**53 + 1, -(2**63), 2**63 - 1),
    "real": (None, NAN, -NAN, 0.0, -0.0, 0.1, math.inf, -math.inf, 1e300, 5e-324),
    "short": (None, NAN, 0.0, -0.0, 0.5, 16777216.0, -math.inf),
    "money": (None, Decimal("0.10"), Decimal("0.00"), Decimal("-1.50"), Decimal("9999999.99")),
    "flag": (None, True, False),
}
PREDICATES = (
    [f"text {sign} 'a'" for sign in ("=", "<>", "<", "<=", ">", ">=")]
    + [f"number {sign} {value}" for sign in ("=", "<>", "<", ">=") for value in ("1", "1.5", "-9223372036854775808", "9007199254740992")]
    + [f"real {sign} {value}" for sign in ("=", "<>", "<", ">=") for value in ("0", "0.1", "-0.0")]
    + [f"short {sign} {value}" for sign in ("=", "<", ">=") for value in ("0.1", "0", "16777216")]
    + [f"money {sign} {value}" for sign in ("=", "<", ">=") for value in ("0.1", "0.105", "-1.5", "0", "10000000")]
    + ["text IN ('', 'it\\'s')", "number NOT IN (1, 2)", "real BETWEEN 0 AND 1", "number BETWEEN 0.5 AND 2", "money NOT BETWEEN 0 AND 0.1"]
    + ["isnan(real)", "NOT isnan(short) AND flag", "flag = false OR text IS NULL", "NOT (flag OR real > 0)", "1 > number"]
    + ["number >= 0 AND NOT isnan(number)", "isnan(money) OR flag"]
)


def test_delta_rs_and_spark_give_every_rule_the_same_verdict(
    spark: SparkSession, merchants: FeatureTable, storage: Path, tmp_path: Path
) -> None:
    import pyarrow as pa
    from deltalake import write_deltalake

    rules, now = _every_rule(), datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
    path, other = storage / "tables" / "default" / "merchants", tmp_path / "others"
    write_deltalake(str(path), _table(60))
    write_deltalake(str(other), pa.table({"text": ["a", "é", None], "number": [1, 2**53 + 1, 2]}))
    gold = GoldTable(replace(merchants, keys=("text",), key_types={}), path)
    queries = GateQueries(gold, {"others": open_delta(other, "others")})

    found = queries.counts(rules, now)

    frame = spark.read.format("delta").load(str(path))
    counts = count_broken(frame, rules)
    verdicts = check_table(frame, rules, tables={"others": spark.read.format("delta").load(str(other))}, now=now)
    assert all(queries.can_ask(rule) for rule in (*rules, *rules.table))
    assert {rule.predicate: found[rule.name].failed for rule in rules} == {rule.predicate: counts.broken[rule.name] for rule in rules}
    assert {name: count.told for name, count in found.items() if name in {rule.name for rule in rules.table}} == {
        verdict.rule.name: str(verdict) for verdict in verdicts
    }


def _every_rule() -> Rules:
    rows = [Rule(name=f"rule_{position}", predicate=predicate, or_null=position % 5 == 0) for position, predicate in enumerate(PREDICATES)]
    return Rules(
        *rows,
        unique("text"),
        primary_key("number", "text"),
        unique("money", "flag", "at"),
        foreign_key("text", "others"),
        foreign_key(["number", "text"], "others"),
        fresh_within("at", timedelta(hours=12)),
        fresh_within("day", timedelta(hours=11)),
        fresh_within("noted", timedelta(hours=12)),
        row_count_between(1, 59),
        sum_between("number", 0),
        sum_between("real", 0),
        sum_between("money", 1, 2.5),
    )


def _table(rows: int) -> Any:
    """Every value beside every other, more or less: columns of prime-ish strides."""
    import pyarrow as pa

    kinds = {"text": pa.string(), "number": pa.int64(), "real": pa.float64(), "short": pa.float32(), "money": pa.decimal128(9, 2)}
    strides = dict(zip(VALUES, (1, 2, 3, 1, 2, 1), strict=True))
    columns = {
        name: pa.array([values[(row * strides[name] + row // 7) % len(values)] for row in range(rows)], kinds.get(name, pa.bool_()))
        for name, values in VALUES.items()
    }
    times = [datetime(2026, 1, 31, row % 3, tzinfo=timezone.utc) for row in range(rows)]
    return pa.table(
        {
            **columns,
            "at": pa.array(times, pa.timestamp("us", "UTC")),
            "noted": pa.array([time.replace(tzinfo=None) for time in times], pa.timestamp("us")),
            "day": [time.date() for time in times],
        }
    )


def test_keys_are_counted_a_range_at_a_time(merchants: FeatureTable, gold: Gold, storage: Path) -> None:
    gold([(f"M{row % 300:03}", 1, "low", row) for row in range(303)] + [(None, 1, "low", 1)])
    table = GoldTable(merchants, storage / "tables" / "default" / "merchants")

    found = GateQueries(table, {}, range_rows=50).counts(Rules(primary_key(*table.declared_key)), datetime.now(timezone.utc))

    told = found["merchant_id_and_as_of_is_the_key"].told
    assert told.startswith("merchant_id_and_as_of_is_the_key: 7 of 304 rows break it, as merchant_id = None")
    assert "merchant_id = M000, as_of = 2026-01-01 01:00" in told
