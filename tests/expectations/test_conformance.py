"""Each kind of rule over generated rows: the DLT runtime, Spark and Great Expectations say the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import goldlane
from goldlane.expectations import (
    Action,
    Counts,
    Rule,
    Rules,
    check_table,
    count_broken,
    foreign_key,
    fresh_within,
    gx_failures,
    in_range,
    in_set,
    matches,
    not_null,
    primary_key,
    row_count_between,
    split,
    sum_between,
    to_gx_suite,
    unique,
    with_broken_rules,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

UTC = timezone.utc
SCHEMA = (
    "whole bigint, amount double, ratio float, price decimal(20, 4), code string, flag boolean, paid_on date, paid_at timestamp, "
    "local_at timestamp_ntz, `my col` string, nested struct<a: int>, tags array<string>"
)
EDGE = datetime(2026, 1, 31, 12, tzinfo=UTC)
RULES = (
    *(not_null(column) for column in ("whole", "amount", "code", "flag", "paid_at", "`my col`", "nested", "nested.a", "tags")),
    in_range("whole", 0, 100),
    in_range("whole", -(2**63), 2**63 - 1, name="whole_is_a_long"),
    in_range("amount", 0),
    in_range("amount", high=0, name="amount_is_at_most_0"),
    in_range("amount", -1.5, 1e308, name="amount_is_in_between"),
    in_range("amount", 5e-324, name="amount_is_positive"),
    in_range("amount", float("-inf"), name="amount_is_a_number"),
    in_range("amount", float("-inf"), float("inf"), name="amount_is_in_the_widest_range"),
    in_range("amount", 0, or_null=True, name="amount_is_0_or_more_or_null"),
    in_range("ratio", 0.1),
    in_range("price", Decimal("-0.0001"), Decimal("999999999999999.9999")),
    in_range("price", 0, name="price_is_0_or_more"),
    in_range("code", "a", "m"),
    in_range("paid_on", date(1, 1, 1), date(2026, 1, 31)),
    in_range("paid_at", EDGE),
    in_range("local_at", high=EDGE.replace(tzinfo=None)),
    in_set("code", ["", "a", "it's", "{x}", "${x}", "\\", "é"]),
    in_set("code", ["a"], or_null=True, name="code_is_a_or_null"),
    in_set("whole", [0, 1, 2**63 - 1]),
    in_set("amount", [0.0, float("inf"), 1e-300]),
    in_set("price", [Decimal("0.0000"), Decimal("-999999999999999.9999")]),
    in_set("flag", [True]),
    in_set("paid_on", [date(2026, 1, 31), date(9999, 12, 31)]),
    matches("code", r"\A[a-z]{1}\z"),
    matches("code", r"\$\{|'|\\|é", or_null=True, name="code_is_odd"),
    matches("my col", ""),
    Rule(name="code", predicate="code <> '{' AND length(code) < 3 -1 + 5"),
    Rule(name="kind_of_amount", predicate="CASE WHEN isnan(amount) THEN NULL WHEN amount > 0 THEN flag ELSE true END", or_null=True),
    Rule(name="a_tag_is_a", predicate="exists(tags, tag -> tag = 'a')"),
)

longs = st.sampled_from([0, 1, -1, 100, 101, 2**63 - 1, -(2**63)]) | st.integers(-(2**63), 2**63 - 1)
doubles = st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, 1e308, -1.5]) | st.floats()
floats = st.sampled_from([0.1, math.nan, math.inf]) | st.floats(width=32)
decimals = st.sampled_from([Decimal(0), Decimal("999999999999999.9999"), Decimal("-999999999999999.9999")]) | st.decimals(
    -1000, 1000, places=4
)
texts = st.sampled_from(["", " ", "a", "A", "it's", "{x}", "${x}", "\\", "é", "a\n", "{", "$", "NaN", "null"]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=3
)
dates = st.sampled_from([date(1, 1, 1), date(9999, 12, 31), date(2026, 1, 31)]) | st.dates()
times = st.sampled_from([datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999), EDGE.replace(tzinfo=None)]) | st.datetimes()  # noqa: DTZ001
rows = st.tuples(
    *(st.none() | values for values in (longs, doubles, floats, decimals, texts, st.booleans(), dates)),
    st.none() | times.map(lambda time: time.replace(tzinfo=UTC)),
    st.none() | times,
    st.none() | texts,
    st.none() | st.tuples(st.none() | st.integers(0, 3)),
    st.none() | st.lists(st.none() | texts, max_size=2),
)


A_GOOD_ROW = (
    *(1, 2.5, 0.5, Decimal("1.0000"), "a", True, date(2026, 1, 31)),
    *(EDGE, EDGE.replace(tzinfo=None), "a", (1,), ["a"]),
)


@pytest.fixture(scope="module")
def rows_path(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hundreds of generated rows, one of NULLs and one that is good among them, as a file that all engines read."""
    generated: list[Any] = [(None,) * 12, A_GOOD_ROW]

    @settings(max_examples=300, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(rows)
    def generate(row: Any) -> None:
        generated.append(row)

    generate()
    path = tmp_path_factory.mktemp("conformance") / "rows"
    spark.createDataFrame(generated, SCHEMA).coalesce(1).write.parquet(str(path))
    return path


@pytest.fixture(scope="module")
def frame(spark: SparkSession, rows_path: Path) -> Iterator[DataFrame]:
    once = spark.read.parquet(str(rows_path)).persist()
    yield once
    once.unpersist()


@pytest.fixture(scope="module")
def counts(frame: DataFrame) -> Counts:
    return count_broken(frame, RULES)


def test_every_kind_meets_rows_that_pass_and_rows_that_break_it(counts: Counts) -> None:
    always = {"whole_is_a_long"} | {name for name in counts.broken if name.endswith("_is_a_number")}

    assert [name for name, broken in counts.broken.items() if not 0 < broken < counts.rows and name not in always] == []


def test_the_names_of_broken_rules_and_the_quarantine_agree_with_the_counts(frame: DataFrame, counts: Counts) -> None:
    named = [row["_broken_rules"] for row in with_broken_rules(frame, RULES).select("_broken_rules").collect()]
    dropping = [Rule(name=rule.name, predicate=rule.predicate, or_null=rule.or_null, action=Action.DROP) for rule in RULES]

    halves = split(frame, dropping)

    assert {rule.name: sum(rule.name in names for names in named) for rule in RULES} == counts.broken
    assert halves.quarantined.count() == sum(bool(names) for names in named) == counts.rows - halves.kept.count()


@pytest.mark.slow
def test_great_expectations_counts_the_same(frame: DataFrame, counts: Counts, validated: Callable[..., Any]) -> None:
    result = validated(frame, to_gx_suite(RULES))

    assert gx_failures(result) == counts.broken
    assert all(one.success == (one.result["observed_value"] == 0) for one in result.results)


PIPELINE = """
import dlt

@dlt.view
@dlt.expect_all({rules})
def judged():
    return spark.read.table("source.raw")

@dlt.table
def told():
    return spark.read.table("judged").select("whole")

@dlt.view
@dlt.expect_all_or_drop({dropping})
def sifted():
    return spark.read.table("source.raw")

@dlt.table
def kept():
    return spark.read.table("sifted").select("whole")
"""


def test_the_dlt_runtime_counts_and_drops_the_same(
    spark: SparkSession, frame: DataFrame, rows_path: Path, counts: Counts, tmp_path: Path
) -> None:
    dropping = Rules(*(replace(rule, action=Action.DROP) for rule in RULES[:20]))
    source = tmp_path / "lane.py"
    source.write_text(PIPELINE.format(rules=Rules(*RULES).warn, dropping=dropping.drop), encoding="utf-8")

    update = goldlane.run(source, storage=tmp_path / "storage", spark=spark, inputs={"source.raw": str(rows_path)})

    update.raise_for_status()
    assert {told.name: told.failed for told in update["told"].expectations} == counts.broken
    assert {told.passed + told.failed for told in update["told"].expectations} == {counts.rows}
    assert update["kept"].output_rows == split(frame, dropping).kept.count()


ABOUT_TABLES = Rules(
    *(unique(column) for column in ("whole", "amount", "code", "my col", "nested")),
    unique("code", "flag"),
    unique("paid_at"),
    primary_key("amount"),
    primary_key("flag", "code"),
    foreign_key("code", "targets"),
    foreign_key(["amount", "flag"], "targets", ["number", "flag"]),
    *(fresh_within(column, timedelta(days=1, microseconds=1)) for column in ("paid_on", "paid_at", "local_at")),
    *(fresh_within(column, timedelta(days=1)) for column in ("old_on", "old_at", "old_local_at")),
    row_count_between(1),
    row_count_between(2, 5, name="few_rows"),
    sum_between("amount", 0),
    sum_between("small", 0.5, 1e6),
    sum_between("whole", Decimal("-1e25"), Decimal("1e25")),
    sum_between("price", high=0.25),
)
OLD = ("*", "DATE'2001-01-01' AS old_on", "TIMESTAMP'2001-01-01' AS old_at", "TIMESTAMP_NTZ'2001-01-01' AS old_local_at", "0.1D AS small")


@pytest.mark.slow
@pytest.mark.parametrize("which", ["true", "false"])
def test_great_expectations_says_the_same_of_whole_tables(
    spark: SparkSession, frame: DataFrame, validated: Callable[..., Any], which: str
) -> None:
    targets = spark.createDataFrame(
        [("a", 0.0, True), ("", math.nan, False), (None, None, None)], "code string, number double, flag boolean"
    )
    targets.createOrReplaceTempView("targets")
    table = frame.where(which).selectExpr(*OLD)

    verdicts = check_table(table, ABOUT_TABLES, tables={"targets": targets})

    assert gx_failures(validated(table, to_gx_suite(ABOUT_TABLES))) == {verdict.rule.name: verdict.failed for verdict in verdicts}
