"""Great Expectations suites from rules, and rules from suites."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.errors import GoldlaneError, UsageError
from goldlane.expectations import (
    Action,
    Rule,
    RuleError,
    Rules,
    count_broken,
    foreign_key,
    fresh_within,
    from_gx_suite,
    gx_failures,
    in_range,
    in_set,
    matches,
    not_null,
    primary_key,
    row_count_between,
    sum_between,
    to_gx_suite,
    unique,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

RULES = Rules(
    not_null("code", action=Action.FAIL),
    in_range("amount", 0, action=Action.DROP, why="Refunds < 0 come by another feed & cost $5."),
    matches("code", r"^\w{1}$", or_null=True),
    unique("code", action=Action.WARN),
    primary_key("code", "amount"),
    foreign_key("code", "main.shop.codes", "id"),
    fresh_within("paid_at", timedelta(days=2, seconds=3, microseconds=4)),
    row_count_between(1, 9),
    sum_between("amount", 0.5, Decimal("10.50"), why="As in the books."),
)
FRAME = "code string, amount double"


def test_a_suite_has_one_expectation_per_rule_with_all_that_the_rule_says() -> None:
    suite = to_gx_suite(RULES, name="payments")

    kept = [one.meta["goldlane"] for one in suite.expectations]
    assert suite.name == "payments"
    assert [one["name"] for one in kept] == [rule.name for rule in (*RULES, *RULES.table)]
    assert [one.severity.value for one in suite.expectations[:4]] == ["critical", "warning", "info", "info"]
    assert kept[1]["why"] == suite.expectations[1].notes == RULES[1].why
    assert (kept[1]["predicate"], kept[1]["action"], kept[2]["or_null"]) == (RULES[1].predicate, "drop", True)


def test_rules_come_back_out_of_the_json_of_their_suite() -> None:
    from great_expectations import ExpectationSuite

    text = json.dumps(to_gx_suite(RULES).to_json_dict())

    loaded = ExpectationSuite(**json.loads(text))

    assert loaded.expectations == to_gx_suite(RULES).expectations
    assert from_gx_suite(loaded).rules == from_gx_suite(json.loads(text)).rules == RULES
    assert from_gx_suite(loaded).untranslated == ()


def test_a_rule_whose_query_was_edited_in_gx_is_what_it_says_now() -> None:
    suite = to_gx_suite([in_range("amount", 0)])
    suite.expectations[0].unexpected_rows_query = "SELECT * FROM {batch} WHERE amount < 5"

    (rule,) = from_gx_suite(suite).rules

    assert rule.sql == "coalesce((NOT coalesce((amount < 5), false)), false)"


@pytest.mark.parametrize("stranger", ["a > 0", object()])
def test_a_suite_of_something_else_is_refused(stranger: Any) -> None:
    with pytest.raises(RuleError, match="item 1"):
        to_gx_suite([stranger])


def test_without_the_extra_there_is_one_error_that_names_it() -> None:
    program = """
        import sys
        sys.modules["great_expectations"] = None
        from goldlane.expectations import not_null, to_gx_suite
        try:
            to_gx_suite([not_null("a")])
        except ImportError as error:
            sys.exit(str(error))
    """

    done = subprocess.run([sys.executable, "-c", re.sub(r"\n {8}", "\n", program)], capture_output=True, text=True, check=False)

    assert done.stderr.strip() == "a Great Expectations suite needs the extra 'gx' (pip install 'goldlane[gx]')"


@pytest.mark.slow
def test_a_program_without_a_file_has_suites_too() -> None:
    program = "from goldlane.expectations import not_null, to_gx_suite; print(len(to_gx_suite([not_null('a')]).expectations))"

    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=False)

    assert (done.stdout, done.returncode) == ("1\n", 0)


def test_rules_that_gx_cannot_ask_are_named(spark: SparkSession, validated: Callable[..., Any]) -> None:
    frame = spark.createDataFrame([("a", 1.0)], FRAME)

    with pytest.raises(GoldlaneError, match=r"code_is_in_set.*amuont_is_not_null.*`amuont` cannot be resolved") as caught:
        gx_failures(validated(frame, to_gx_suite([not_null("code"), in_set("code", [1]), not_null("amuont")])))

    assert "code_is_not_null" not in str(caught.value)


GX_OWN: list[tuple[str, dict[str, Any]]] = [
    ("ExpectColumnValuesToNotBeNull", {"column": "code"}),
    ("ExpectColumnValuesToBeNull", {"column": "code"}),
    ("ExpectColumnValuesToBeBetween", {"column": "amount", "min_value": 0}),
    ("ExpectColumnValuesToBeBetween", {"column": "amount", "min_value": 0, "max_value": 2, "strict_min": True, "strict_max": True}),
    ("ExpectColumnValuesToBeInSet", {"column": "code", "value_set": ["a", "it's"]}),
    ("ExpectColumnValuesToNotBeInSet", {"column": "code", "value_set": ["a", "{x}"]}),
    ("ExpectColumnValuesToMatchRegex", {"column": "code", "regex": "^.{1,2}$"}),
    ("ExpectColumnValuesToNotMatchRegex", {"column": "code", "regex": "a|x"}),
    ("ExpectColumnValuesToMatchRegexList", {"column": "code", "regex_list": ["a", "x"]}),
    ("ExpectColumnValuesToMatchRegexList", {"column": "code", "regex_list": ["a", "x"], "match_on": "all"}),
    ("ExpectColumnValuesToNotMatchRegexList", {"column": "code", "regex_list": ["a", "x"]}),
    ("ExpectColumnValueLengthsToBeBetween", {"column": "code", "max_value": 1}),
    ("ExpectColumnValueLengthsToEqual", {"column": "code", "value": 4}),
    ("ExpectColumnPairValuesAToBeGreaterThanB", {"column_A": "amount", "column_B": "other"}),
    ("ExpectColumnPairValuesAToBeGreaterThanB", {"column_A": "amount", "column_B": "other", "or_equal": True}),
    ("ExpectColumnPairValuesToBeEqual", {"column_A": "amount", "column_B": "other"}),
    ("ExpectColumnPairValuesToBeEqual", {"column_A": "amount", "column_B": "other", "ignore_row_if": "either_value_is_missing"}),
    ("UnexpectedRowsExpectation", {"unexpected_rows_query": "SELECT * FROM {batch}\n WHERE amount < 1 OR code RLIKE 'x{{1}}';"}),
]


def test_gx_own_expectations_become_rules_with_the_same_counts(spark: SparkSession, validated: Callable[..., Any]) -> None:
    import great_expectations as gx

    nan = float("nan")
    rows = [
        ("a", 1.0, 1.0),
        ("it's", -1.0, nan),
        ("{x}", nan, nan),
        ("", None, 2.0),
        (None, 2.0, None),
        (None, None, None),
        ("ax", 0.0, -0.0),
    ]
    frame = spark.createDataFrame(rows, f"{FRAME}, other double")
    own = [getattr(gx.expectations, kind)(**kwargs, meta={"at": at}) for at, (kind, kwargs) in enumerate(GX_OWN)]
    suite = gx.ExpectationSuite(name="own", expectations=own)

    translated = from_gx_suite(suite)

    results = sorted(validated(frame, suite).results, key=lambda one: one.expectation_config.meta["at"])
    assert translated.untranslated == ()
    assert list(count_broken(frame, translated.rules).broken.values()) == [
        one.result.get("unexpected_count", one.result.get("observed_value")) for one in results
    ]


@pytest.mark.parametrize("suite", [{"name": "x"}, {"expectations": [{"kwargs": {}}]}, {"expectations": ["a"]}])
def test_what_is_no_suite_is_refused(suite: Any) -> None:
    with pytest.raises(UsageError, match="this is no suite of Great Expectations"):
        from_gx_suite(suite)


def test_a_rule_of_another_version_and_meta_of_somebody_else_are_no_stumbling_block() -> None:
    asked = {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": "SELECT * FROM {batch} WHERE a < 0"}}
    newer = {"goldlane": {"name": "a", "predicate": "a > 0", "owner": "me"}}

    found = from_gx_suite({"expectations": [{**asked, "meta": newer}, {**asked, "meta": {"goldlane": "ours"}}]})

    assert [rule.predicate for rule in found.rules] == ["NOT coalesce((a < 0), false)"]
    assert "holds no rule of this version of Goldlane (" in found.untranslated[0].reason


def test_what_no_rule_can_say_is_listed_with_the_reason() -> None:
    import great_expectations as gx

    kinds = gx.expectations
    suite = gx.ExpectationSuite(
        name="own",
        expectations=[
            kinds.ExpectColumnValuesToBeUnique(column="code"),
            kinds.ExpectTableRowCountToEqual(value=3),
            kinds.ExpectColumnSumToBeBetween(column="amount", max_value=9),
            kinds.ExpectCompoundColumnsToBeUnique(column_list=["code", "amount"], ignore_row_if="any_value_is_missing"),
            kinds.ExpectCompoundColumnsToBeUnique(column_list=["code", "amount"]),
            kinds.ExpectColumnValuesToNotBeNull(column="code", mostly=0.9),
            kinds.ExpectColumnValuesToNotBeNull(column="code", mostly={"$PARAMETER": "share"}),
            kinds.ExpectColumnValuesToBeInSet(column="code", value_set=["a", None]),
            kinds.ExpectColumnValuesToBeInSet(column="code", value_set={"$PARAMETER": "codes"}),
            kinds.ExpectColumnMeanToBeBetween(column="amount", min_value=1),
            kinds.UnexpectedRowsExpectation(unexpected_rows_query="SELECT code FROM {batch} GROUP BY code"),
            kinds.UnexpectedRowsExpectation(unexpected_rows_query="SELECT * FROM {batch} WHERE amount < 0 LIMIT 5"),
        ],
    )

    translated = from_gx_suite(suite)

    assert [rule.name for rule in translated.rules.table] == [
        "code_is_unique",
        "row_count_is_in_range",
        "sum_of_amount_is_in_range",
        "code_and_amount_is_unique",
    ]
    assert [one.reason[:20] for one in translated.untranslated] == [
        "rows that share a NU",
        "mostly=0.9 lets a sh",
        "mostly is a paramete",
        "with None in its val",
        "value_set is a param",
        "rules have no such k",
        "only SELECT * FROM {",
        "rule 'row_is_expecte",
    ]
    assert str(translated.untranslated[5]).startswith("expect_column_mean_to_be_between(column='amount', min_value=1.0): ")


def test_gx_loads_the_suite_from_disk_runs_it_and_renders_data_docs(spark: SparkSession, tmp_path: Path) -> None:
    import great_expectations as gx
    from great_expectations.checkpoint import UpdateDataDocsAction

    frame = spark.createDataFrame([("a", 1.0), ("bb", -1.0), (None, None)], FRAME)
    rules = [*RULES[:3], Rule(name="braces", predicate="code <> '${b} <i>'", why="Markup is <b>shown</b>.")]
    gx.get_context(mode="file", project_root_dir=tmp_path).suites.add(to_gx_suite(rules, name="payments"))

    context = gx.get_context(mode="file", project_root_dir=tmp_path)
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    batches = (
        context.data_sources.add_spark("frames", persist=False).add_dataframe_asset("frame").add_batch_definition_whole_dataframe("all")
    )
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(name="payments", data=batches, suite=context.suites.get("payments"))
    )
    checkpoint = gx.Checkpoint(name="payments", validation_definitions=[definition], actions=[UpdateDataDocsAction(name="docs")])
    (result,) = context.checkpoints.add(checkpoint).run(batch_parameters={"dataframe": frame}).run_results.values()

    (page,) = tmp_path.glob("gx/uncommitted/data_docs/local_site/validations/**/*.html")
    shown = html.unescape(re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8")))
    assert gx_failures(result) == {"code_is_not_null": 1, "amount_is_in_range": 2, "code_matches": 1, "braces": 1}
    assert "amount_is_in_range (drop): amount >= 0 AND NOT isnan(amount). Refunds < 0 come by another feed & cost $5." in shown
    assert "braces (warn): code <> '${b} <i>'. Markup is <b>shown</b>." in shown
