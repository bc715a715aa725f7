from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import Observation

from goldlane.errors import GoldlaneError, UsageError
from goldlane.expectations import (
    Action,
    Rule,
    RuleError,
    Rules,
    count_broken,
    in_range,
    in_set,
    matches,
    not_null,
    observed_counts,
    split,
    with_broken_rules,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

PAYMENT = "id int, amount double, currency string"
RULES = Rules(
    in_range("amount", 0, action=Action.DROP),
    in_set("currency", ["EUR", "it's"], action=Action.FAIL),
    matches("currency", r"^\w+\W?\w*$", or_null=True),
    Rule(name="amount_is_small", predicate="amount < 100", or_null=True),
)
GATING = {rule.name for rule in RULES if rule.action is not Action.WARN}


def broken_in_python(amount: float | None, currency: str | None) -> list[str]:
    nan_last = math.inf if amount is not None and math.isnan(amount) else amount
    verdicts = {
        "amount_is_in_range": amount is not None and not math.isnan(amount) and amount >= 0,
        "currency_is_in_set": currency in {"EUR", "it's"},
        "currency_matches": currency is None or currency in {"EUR", "it's"},
        "amount_is_small": nan_last is None or nan_last < 100,
    }
    return [name for name, passed in verdicts.items() if not passed]


amounts = st.none() | st.sampled_from([0.0, -0.0, 100.0, math.nan, math.inf, -math.inf, 5e-324]) | st.floats(-200, 200)
currencies = st.none() | st.sampled_from(["EUR", "it's", "", "?", " EUR"])
payments = st.lists(st.tuples(st.integers(0, 99), amounts, currencies), max_size=60)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=payments)
def test_every_row_is_kept_or_quarantined_and_spark_agrees_with_python(spark: SparkSession, rows: list[Any]) -> None:
    frame = spark.createDataFrame(rows, PAYMENT)
    expected = [broken_in_python(amount, currency) for _, amount, currency in rows]

    verdicts = [row["_broken_rules"] for row in with_broken_rules(frame, RULES).collect()]
    halves = split(frame, RULES)

    assert verdicts == expected
    assert texts(halves.kept) == sorted(str(row) for row, names in zip(rows, expected, strict=True) if not GATING & set(names))
    assert texts(halves.quarantined.drop("_quarantined_at")) == sorted(
        str((*row, names)) for row, names in zip(rows, expected, strict=True) if GATING & set(names)
    )


def texts(frame: DataFrame) -> list[str]:
    return sorted(str(tuple(row)) for row in frame.collect())


def test_counts_name_every_rule_in_one_pass(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(1, 5.0, "EUR"), (2, None, "EUR"), (3, 500.0, None), (4, -1.0, "?")], PAYMENT)

    counts = count_broken(frame, RULES)

    assert counts.rows == 4
    assert counts.broken == {"amount_is_in_range": 2, "currency_is_in_set": 2, "currency_matches": 1, "amount_is_small": 1}


def test_the_write_that_carries_the_reasons_counts_too(spark: SparkSession, tmp_path: Path) -> None:
    frame = spark.createDataFrame([(1, 5.0, "EUR"), (2, None, "EUR"), (3, 500.0, None), (4, -1.0, "?")], PAYMENT)
    observation = Observation()

    with_broken_rules(frame, RULES, observation=observation).filter("id > 2").write.parquet(str(tmp_path / "judged"))

    assert observed_counts(observation.get, RULES) == count_broken(frame, RULES)


def test_a_write_that_was_aborted_has_no_counts() -> None:
    with pytest.raises(GoldlaneError, match="count_broken"):
        observed_counts({}, RULES)


def test_kept_has_the_source_columns_and_quarantined_two_more(spark: SparkSession) -> None:
    frame = spark.createDataFrame([], PAYMENT)

    halves = split(frame, RULES)

    assert halves.kept.schema == frame.schema
    assert halves.quarantined.schema[:3] == frame.schema[:3]
    assert halves.quarantined.dtypes[3:] == [("_broken_rules", "array<string>"), ("_quarantined_at", "timestamp")]


def test_warn_rules_alone_quarantine_nothing(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(None,)], "a int")

    halves = split(frame, [not_null("a")])

    assert (halves.kept.count(), halves.quarantined.count()) == (1, 0)


def test_nested_fields_quoted_names_and_lambdas_are_found(spark: SparkSession) -> None:
    frame = spark.sql("SELECT named_struct('b', 1) AS a, 2 AS `my col`, 3 AS `x.y`, array(1, 2) AS xs")
    rules = Rules(
        in_range("a.b", 1, 1),
        in_range("my col", 2, 2),
        in_range("`x.y`", 3, 3),
        Rule(name="lambda_", predicate="exists(xs, x -> x > 1)"),
    )

    assert with_broken_rules(frame, rules).collect()[0]["_broken_rules"] == []


def test_every_rule_that_does_not_fit_is_named_before_anything_runs(spark: SparkSession) -> None:
    frame = spark.createDataFrame([], PAYMENT)
    rules = Rules(
        Rule(name="typo", predicate="amuont > 0 AND curency = 'EUR'"),
        Rule(name="no_function", predicate="is_iban(currency)"),
        Rule(name="no_verdict", predicate="amount"),
        Rule(name="no_struct", predicate="currency.code = 1"),
        not_null("id"),
    )

    with pytest.raises(RuleError) as caught:
        split(frame, rules)

    assert "no column 'amuont', 'curency'; the frame has id, amount, currency" in str(caught.value)
    assert len(caught.value.mistakes) == 4


@pytest.mark.parametrize("column", ["_broken_rules", "_Quarantined_At"])
def test_a_frame_that_carries_verdicts_already_is_refused(spark: SparkSession, column: str) -> None:
    frame = spark.createDataFrame([], f"a int, {column} string")

    with pytest.raises(UsageError, match=column):
        split(frame, [not_null("a")])


def test_a_stream_is_split_like_a_batch(spark: SparkSession, tmp_path: Path) -> None:
    spark.createDataFrame([(1, 5.0, "EUR"), (2, None, "EUR")], PAYMENT).write.parquet(str(tmp_path / "in"))
    halves = split(spark.readStream.schema(PAYMENT).parquet(str(tmp_path / "in")), RULES)

    for name, half in (("kept", halves.kept), ("quarantined", halves.quarantined)):
        writer = half.writeStream.trigger(availableNow=True).option("checkpointLocation", str(tmp_path / "checkpoints" / name))
        writer.start(str(tmp_path / name), format="parquet").awaitTermination()

    assert [row.id for row in spark.read.parquet(str(tmp_path / "kept")).collect()] == [1]
    (bad,) = spark.read.parquet(str(tmp_path / "quarantined")).collect()
    assert (bad.id, bad["_broken_rules"], bad["_quarantined_at"] is not None) == (2, ["amount_is_in_range"], True)
