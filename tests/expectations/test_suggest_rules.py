"""Rules from data: good rows of the same kind pass, broken ones do not, and what is printed is what is returned."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from goldlane.errors import UsageError
from goldlane.expectations import Rules, count_broken, suggest_rules, with_broken_rules
from goldlane.expectations.suggestions import Suggestions
from pipelines import sample

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ROWS = 20_000
CURRENCIES = ["EUR", "USD", "GBP", "CHF", "PLN", "SEK"]


def payments(seed: int, rows: int = ROWS) -> dict[str, Any]:
    """Good rows: a counter, regular and irregular texts, skewed and seasonal numbers, codes, dates, NULL and NaN where they are usual."""
    dice = np.random.default_rng(seed)
    number = np.arange(rows) + seed * rows
    digits = dice.integers(0, 10**8, rows)
    days = [date(2026, 1, 1) + timedelta(days=int(day)) for day in dice.integers(0, 60, rows)]
    return {
        "id": number,
        "txn": [f"TX-{one:08d}" for one in digits],
        "device": [f"{one:032x}" for one in dice.integers(0, 2**62, rows)],
        "amount": np.round(dice.gamma(2, 25, rows) + 1, 2),
        "heavy": dice.pareto(1.5, rows),
        "temperature": 20 + 8 * np.sin(number / 500) + dice.normal(0, 2, rows),
        "currency": dice.choice(CURRENCIES, rows, p=[0.5, 0.3, 0.1, 0.06, 0.03, 0.01]),
        "status": dice.choice([200, 201, 404, 500], rows),
        "paid_on": days,
        "score": np.where(dice.random(rows) < 0.2, np.nan, dice.random(rows)),
        "note": [None if one % 9 == 0 else f"{'so it ' * (one % 5)}was, {one}!" for one in digits],
    }


def frame(spark: SparkSession, columns: dict[str, Any]) -> DataFrame:
    return spark.createDataFrame(pa.table({name: pa.array(values, from_pandas=name != "score") for name, values in columns.items()}))


# Each spoils the good value of a row.
FAULTS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "a NULL where none was": ("txn", lambda _: None),
    "a negative amount": ("amount", lambda amount: -amount),
    "cents for euros": ("amount", lambda amount: amount * 100),
    "an unknown category": ("currency", lambda _: "XXX"),
    "another century": ("paid_on", lambda day: day.replace(year=day.year - 100)),
    "garbled text": ("txn", lambda text: text.replace("0", "\ufffd").replace("T", "?")),
    "a truncated id": ("device", lambda text: text[:-3]),
    "an empty text": ("txn", lambda _: ""),
    "NaN": ("amount", lambda _: float("nan")),
    "swapped columns": ("currency", lambda _: "TX-00000001"),
}


@pytest.fixture(scope="module")
def learned(spark: SparkSession) -> Suggestions:
    return suggest_rules(frame(spark, payments(1)))


def test_at_most_one_good_row_in_a_hundred_is_refused(spark: SparkSession, learned: Suggestions) -> None:
    fresh = with_broken_rules(frame(spark, payments(2)), learned)

    refused = fresh.where(F.size("_broken_rules") > 0).count()

    assert refused <= 0.01 * ROWS


def test_planted_faults_of_ten_kinds_are_caught(spark: SparkSession, learned: Suggestions) -> None:
    rows = payments(3, 2_000)
    names = list(FAULTS)
    rows["fault"] = [names[place % len(names)] for place in range(2_000)]
    for place, fault in enumerate(rows["fault"]):
        column, spoil = FAULTS[fault]
        rows[column] = rows[column] if isinstance(rows[column], list) else list(rows[column])
        rows[column][place] = spoil(rows[column][place])
    amounts = {"amount": pa.array(rows.pop("amount"), from_pandas=False)}
    table = pa.table({name: pa.array(values, from_pandas=name != "score") for name, values in rows.items()} | amounts)

    broken = with_broken_rules(spark.createDataFrame(table), learned).groupBy("fault").agg(F.avg((F.size("_broken_rules") > 0).cast("int")))

    caught = dict(broken.collect())
    assert {fault: share for fault, share in caught.items() if share < 0.9} == {}
    assert set(caught) == set(FAULTS)


def test_every_kind_of_column_gets_the_rule_that_fits_it(learned: Suggestions) -> None:
    rules = {rule.name: rule.predicate for rule in learned}

    assert rules["txn_matches"] == r"txn RLIKE '\\A[A-Z]{2}\\-[0-9]{8}\\z'"
    assert rules["device_matches"] == r"device RLIKE '\\A[0-9A-Za-z_-]{32}\\z'"
    assert rules["currency_is_in_set"] == "currency IN ('CHF', 'EUR', 'GBP', 'PLN', 'SEK', 'USD')"
    assert rules["status_is_in_set"] == "status IN (200, 201, 404, 500)"
    assert rules["paid_on_is_in_range"] == "paid_on >= DATE'2025-01-01' AND paid_on <= DATE'2028-01-01'"
    assert rules["amount_is_in_range"].startswith("amount >= ")
    assert "<=" not in rules["id_is_in_range"]
    assert "isnan(score)" in rules["score_is_in_range"]
    assert "note_is_not_null" not in rules
    assert [rule.or_null for rule in learned if rule.name == "note_matches"] == [True]
    assert all(rule.action == "warn" and rule.why for rule in learned)


def test_what_is_printed_makes_what_was_returned(learned: Suggestions) -> None:
    names: dict[str, Any] = {}

    exec(str(learned), names)  # noqa: S102  the source is ours

    assert names["SUGGESTED"] == Rules(*learned)
    assert "20,000 rows" in str(learned)


def test_columns_that_say_little_are_no_stumbling_block(spark: SparkSession) -> None:
    odd = [
        F.lit(None).cast("string").alias("never"),
        F.array(F.lit(1)).alias("list"),
        F.struct(F.lit(1).alias("b")).alias("a"),
        F.create_map(F.lit("k"), F.lit(1)).alias("map"),
        F.lit(bytearray(b"x")).alias("bytes"),
        F.lit(float("nan")).alias("nan"),
        F.lit(True).alias("flag"),
        F.lit(5).cast("decimal(10,2)").alias("price"),
        F.lit(datetime(2026, 1, 31, 10, tzinfo=timezone.utc)).alias("at"),
        F.lit("it's").alias("my.text"),
        F.lit("é").alias("my_text"),
        F.lit(date(9999, 12, 31)).alias("until"),
    ]
    df = spark.range(300).select(*odd)

    suggested = suggest_rules(df)

    assert set(count_broken(df, suggested).broken.values()) == {0}
    rules = {rule.name: rule.predicate for rule in suggested}
    assert rules["my_text_is_in_set"] == "`my.text` IN ('it\\'s')"
    assert rules["my_text_is_in_set_2"] == "my_text IN ('é')"
    assert rules["at_is_in_range"] == "at >= TIMESTAMP'2025-01-01 00:00:00Z' AND at <= TIMESTAMP'2028-01-01 00:00:00Z'"
    assert "never" not in {column for rule in suggested for column in rule.columns}
    assert "Nothing but NULL: never." in str(suggested)


@pytest.mark.slow
def test_five_hundred_columns_are_one_pass_too(spark: SparkSession) -> None:
    df = spark.range(300).select(*(F.lit(number).alias(f"n{number}") for number in range(500)))

    suggested = suggest_rules(df)

    assert (len(suggested), set(count_broken(df, suggested).broken.values())) == (1000, {0})


def test_what_cannot_be_learned_from_is_refused(spark: SparkSession) -> None:
    with pytest.raises(UsageError, match="no rows"):
        suggest_rules(spark.createDataFrame([], "a int"))
    with pytest.raises(UsageError) as several:
        suggest_rules(spark.readStream.format("rate").load().selectExpr("value AS a", "value AS A"), rejected=0, confidence=2)
    assert all(
        words in str(several.value) for words in ("rejected must be", "confidence must be", "is a stream", "2 columns are named 'a'")
    )


def test_rules_from_a_clean_sample_of_the_lane_find_the_faults_planted_in_it(spark: SparkSession, tmp_path: Path) -> None:
    sample.write(tmp_path / "good", transactions=6_000, faults=0.0)
    ledger = sample.write(tmp_path / "bad", transactions=6_000, faults=0.05).total
    kinds = ("null_transaction_id", "negative_amount", "unparsable_amount", "unknown_currency", "truncated_line")
    good, bad = (
        spark.read.option("columnNameOfCorruptRecord", "_corrupt").json(str(tmp_path / name / "transactions"), schema=transaction(tmp_path))
        for name in ("good", "bad")
    )

    refused = with_broken_rules(bad, suggest_rules(good)).where(F.size("_broken_rules") > 0).count()

    planted = sum(ledger[kind] for kind in kinds)
    assert 0.9 * planted <= refused <= planted + 0.01 * ledger["rows"]


def transaction(folder: Path) -> str:
    """All columns of the sample's transactions, as text."""
    lines = [line for file in sorted((folder / "good" / "transactions").glob("*.json")) for line in file.read_text().splitlines()]
    names = dict.fromkeys(name for line in lines for name in json.loads(line))
    return ", ".join(f"{name} STRING" for name in [*names, "_corrupt"])


def test_days_that_python_lacks_and_texts_that_end_lines_are_no_stumbling_block(spark: SparkSession) -> None:
    rows = spark.range(60).selectExpr(
        "timestamp'+12345-01-01 00:00:00' AS far",
        "if(id = 1, date'-0044-03-15', date'2026-01-31') AS old",
        "timestamp'0001-01-01 00:00:00' AS first",
        "timestamp_ntz'9999-12-31 23:59:59' AS last",
        r"concat('a\\', '\"', '\n', '\u2028', 'é\U0001F600') AS odd",
        "1e-310D * (id + 1) AS tiny",
    )

    suggested = suggest_rules(rows)

    names: dict[str, Any] = {}
    exec(str(suggested), names)  # noqa: S102  the source is ours
    assert names["SUGGESTED"] == Rules(*suggested)
    assert set(count_broken(rows, suggested).broken.values()) == {0}
    assert {rule.name: rule.predicate for rule in suggested}["old_is_in_range"] == "old <= DATE'2032-01-01'"
    assert [rule.name for rule in suggested if rule.name.startswith("far")] == ["far_is_not_null"]
    with pytest.raises(UsageError, match="'my rules' is no name in Python"):
        suggested.source("my rules")


cells = st.tuples(
    st.none() | st.sampled_from([0.0, -1.5, math.nan, math.inf, 5e-324, 1e308]) | st.floats(),
    st.none() | st.sampled_from(["EUR", "USD", "", "TX-1"]) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
    st.none() | st.integers(-5, 5),
)


@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(cells, min_size=1, max_size=40), dice=st.randoms(use_true_random=False))
def test_the_order_of_the_rows_says_nothing(spark: SparkSession, rows: list[Any], dice: Any) -> None:
    schema = "amount double, code string, number bigint"
    shuffled = dice.sample(rows, len(rows))

    suggested = suggest_rules(spark.createDataFrame(rows, schema))

    assert str(suggest_rules(spark.createDataFrame(shuffled, schema))) == str(suggested)
    assert set(count_broken(spark.createDataFrame(rows, schema), suggested).broken.values()) <= {0}
