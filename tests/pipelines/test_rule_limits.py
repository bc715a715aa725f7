"""Expectations that cannot be: each is named before anything is written, at its line; and predicates that raise while they are asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from goldlane.pipelines import Update
from goldlane.pipelines.errors import InvalidPipelineError

WRONG = """
    import dlt
    from pyspark.sql import functions as F

    @F.udf("boolean")
    def is_known(name):
        return name is not None

    spark.udf.register("is_known", is_known)

    @dlt.table
    @dlt.expect("fine", F.col("price") > 0)
    @dlt.expect("misspelt", "prise > 0")
    @dlt.expect("open", "price > ")
    @dlt.expect("number", F.col("price") + 1)
    @dlt.expect_or_drop("elsewhere", "id IN (SELECT id FROM orders)")
    @dlt.expect_all_or_fail({"python": "is_known(name)", "python column": is_known("name")})
    @dlt.expect_all({"total": "sum(price) > 0", "newest": "row_number() OVER (ORDER BY id) = 1"})
    def priced():
        return dlt.read("orders")

    dlt.create_streaming_table("declared", expect_all={"misspelt": "prise > 0"})

    @dlt.append_flow(target="declared")
    def first():
        return dlt.read_stream("orders")

    @dlt.append_flow(target="declared")
    def second():
        return dlt.read_stream("orders")

    dlt.create_streaming_table("merged", expect_all={"left out": "price > 0", "version": "__START_AT IS NOT NULL"})
    dlt.apply_changes("merged", "orders", ["id"], "id", column_list=["id", "name"], stored_as_scd_type=2)
"""
RAISING = """
    import dlt
    from pyspark.sql import functions as F

    @dlt.table
    @dlt.expect("is_number", "CAST(name AS INT) > 0")
    def batch():
        return dlt.read("orders")

    @dlt.table
    @dlt.expect_or_drop("ratio", "price / id > 1")
    def stream():
        return dlt.read_stream("orders")

    @dlt.view
    @dlt.expect("is_day", F.col("name").cast("date") > "2000-01-01")
    def dated():
        return dlt.read("orders")

    @dlt.table
    def after_dated():
        return dlt.read("dated")
"""


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Any]) -> Any:
    made = new_project()
    made.feed("orders", {"id": 0, "name": "abc", "price": 1.0})
    return made


@pytest.fixture(scope="module")
def problems(project: Any) -> dict[str, tuple[str, int]]:
    """What is said of each rule, and at which line."""
    project.write("wrong/lane.py", WRONG)
    with pytest.raises(InvalidPipelineError) as caught:
        project.run(sources=project.folder / "wrong")
    found = {}
    for problem in caught.value.problems:
        dataset, rule, mistake = problem.message.split(": ", 2)
        found[f"{dataset} {rule.removeprefix('expectation ')}"] = (mistake, problem.place.line if problem.place else 0)
    assert len(found) == len(caught.value.problems)
    return found


@pytest.mark.parametrize(
    "rule, mistake, line",
    [
        ("'priced' 'misspelt' (prise > 0)", "there is no column 'prise'; did you mean 'price'?", 13),
        ("'priced' 'open' (price > )", "it does not parse: at end of input, column 9", 14),
        ("'priced' 'number' (+(price, 1))", "it gives double, not true or false", 15),
        ("'priced' 'elsewhere' (id IN (SELECT id FROM orders))", "it holds a subquery, and a rule sees one row and no other table", 16),
        ("'priced' 'python' (is_known(name))", "it calls a Python function, which Databricks refuses in expectations", 17),
        ("'priced' 'total' (sum(price) > 0)", "it holds an aggregate or window function", 18),
        ("'priced' 'newest' (row_number() OVER (ORDER BY id) = 1)", "it holds an aggregate or window function", 18),
        ("'declared' 'misspelt' (prise > 0)", "there is no column 'prise'; did you mean 'price'?", 22),
        ("'merged' 'version' (__START_AT IS NOT NULL)", "there is no column '__START_AT'; there are id, name, price", 32),
    ],
)
def test_a_rule_that_cannot_be_asked_of_a_row_is_named_with_its_reason_and_its_line(
    problems: dict[str, tuple[str, int]], rule: str, mistake: str, line: int
) -> None:
    said, where = problems[rule]

    assert said.startswith(mistake)
    assert where == line


def test_all_such_rules_are_named_at_once_and_no_other(problems: dict[str, tuple[str, int]]) -> None:
    assert len(problems) == 10
    assert not any("fine" in rule for rule in problems)


def test_rules_of_a_changes_target_see_the_columns_that_it_leaves_out(problems: dict[str, tuple[str, int]]) -> None:
    assert [rule for rule in problems if rule.startswith("'merged'")] == ["'merged' 'version' (__START_AT IS NOT NULL)"]


@pytest.fixture(scope="module")
def raised(project: Any) -> Update:
    project.write("raising/lane.py", RAISING)
    return project.run(sources=project.folder / "raising", name="raising")


@pytest.mark.parametrize(
    "dataset, rule, said, line",
    [
        ("batch", "expectation 'is_number' (CAST(name AS INT) > 0) of 'batch'", "The value 'abc' of the type \"STRING\" cannot be cast", 6),
        ("stream", "expectation 'ratio' (price / id > 1) of 'stream'", "Division by zero.", 11),
        ("after_dated", "expectation 'is_day'", 'The value \'abc\' of the type "STRING" cannot be cast to "DATE"', 16),
    ],
)
def test_a_predicate_that_raises_stops_its_flow_and_says_value_dataset_and_rule(
    raised: Update, dataset: str, rule: str, said: str, line: int
) -> None:
    error = raised[dataset].error

    assert error is not None
    assert error.message.startswith(rule)
    assert f"cannot be evaluated: {said}" in error.message
    assert error.place is not None
    assert error.place.line == line
