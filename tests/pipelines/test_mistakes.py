"""Mistakes of a pipeline: all of them at once, each with its file and line, and nothing written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.errors import UsageError
from goldlane.pipelines.errors import InvalidPipelineError

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = """
    import dlt
    from pyspark.sql import functions as F

    @dlt.table
    def circle_a(): return dlt.read("circle_b")

    @dlt.table
    def circle_b(): return spark.sql("SELECT * FROM LIVE.circle_a")

    @dlt.table(name="twice")
    def one(): return spark.range(1)

    @dlt.table(name="TWICE")
    def two(): return spark.range(1)

    @dlt.append_flow(target="nowhere")
    def lost(): return dlt.read_stream("orders")

    @dlt.table
    def missing(): return dlt.read("no_such_table")

    @dlt.table
    def missing_elsewhere(): return spark.table("other.main.no_such_table")

    @dlt.table
    def reads_missing(): return dlt.read("missing")

    @dlt.table(schema="id STRING, extra INT")
    def misfit(): return dlt.read("orders").withColumn("more", F.lit(1))

    @dlt.table
    @dlt.expect("broken", "id >")
    @dlt.expect_or_drop("also broken", "IN (1")
    @dlt.expect("unknown", "nobody > 1")
    def rules(): return dlt.read("orders")

    @dlt.table
    @dlt.expect("unknown", "nobody > 1")
    @dlt.expect("fine", "id > 0")
    @dlt.expect("unknown too", "id > 0 AND somebody")
    def columns(): return dlt.read("orders")

    @dlt.table
    def no_frame(): return [1, 2]

    @dlt.table
    def doubled(): return dlt.read("orders").select("id", F.lit(1).alias("ID"), F.lit(2).alias("x"))

    @dlt.table
    def raises():
        wrong = {}
        return wrong["key"]

    @dlt.materialized_view
    def streaming_view(): return dlt.read_stream("orders")

    dlt.create_streaming_table("empty")
    dlt.create_streaming_table("batch_fed")

    @dlt.append_flow(target="batch_fed")
    def batch(): return dlt.read("orders")

    @dlt.table
    def two_flows(): return dlt.read("orders")

    @dlt.append_flow(target="two_flows")
    def second(): return dlt.read("orders")

    dlt.create_streaming_table("keyless")
    dlt.create_auto_cdc_flow(target="keyless", source="orders", keys=["no_such_key"], sequence_by="id")

    @dlt.table
    def good(): return dlt.read("orders")
"""
OTHERS = {
    "lane/keyword.py": "import dlt\n\n\n@dlt.table(comments='x')\ndef x(): ...\n",
    "lane/syntax.py": "def broken(:\n    pass\n",
}


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Any]) -> Any:
    made = new_project()
    made.write("lane/lane.py", SOURCE)
    for name, text in OTHERS.items():
        made.write(name, text)
    made.feed("orders", {"id": 1})
    return made


@pytest.fixture(scope="module")
def refused(project: Any) -> InvalidPipelineError:
    with pytest.raises(InvalidPipelineError) as raised:
        project.run()
    return raised.value


@pytest.mark.parametrize(
    "words",
    [
        ("datasets read each other in a circle: circle_a -> circle_b -> circle_a",),
        ("'TWICE' is defined twice, first at",),
        ("flow 'lost' writes to default.nowhere, which is not defined",),
        ("'missing': there is no table 'no_such_table'", "bind it with --input no_such_table=PATH"),
        ("'missing_elsewhere': there is no table 'other.main.no_such_table'",),
        ("'misfit': column extra is declared, but flow 'misfit' does not give it",),
        ("'misfit': flow 'misfit' gives column more, which is not declared",),
        ("'misfit': column id is declared string, but flow 'misfit' gives bigint",),
        ("'rules': expectation 'broken' (id >): it does not parse",),
        ("'rules': expectation 'also broken' (IN (1): it does not parse",),
        ("'columns': expectation 'unknown'", "nobody"),
        ("'columns': expectation 'unknown too'", "somebody"),
        ("'doubled': flow 'doubled' gives more than one column id",),
        ("'no_frame' returned list, not a DataFrame",),
        ("'raises': KeyError: 'key'",),
        ("'streaming_view': a materialized view's query cannot stream",),
        ("'empty': has no flow and no schema=",),
        ("'batch_fed': flow 'batch' appends a batch to a streaming table",),
        ("'two_flows': flow 'second' writes into a materialized_view",),
        ("'keyless'", "no_such_key"),
        ("unknown keyword 'comments'; did you mean 'comment'?",),
        ("not valid Python",),
    ],
    ids=lambda words: words[0][:40],
)
def test_every_mistake_is_told_with_its_file_and_line(project: Any, refused: InvalidPipelineError, words: tuple[str, ...]) -> None:
    found = [problem for problem in refused.problems if all(word in problem.message for word in words)]

    assert len(found) == 1, "\n".join(map(str, refused.problems))
    assert found[0].place is not None
    assert Path(found[0].place.file).is_relative_to(project.folder)
    assert found[0].place.line > 0
    assert str(found[0].place) in str(refused)


def test_lines_are_where_the_user_can_mend_them(project: Any, refused: InvalidPipelineError) -> None:
    lines = (project.folder / "lane/lane.py").read_text(encoding="utf-8").splitlines()

    def line_of(words: str) -> str:
        (problem,) = [problem for problem in refused.problems if words in problem.message]
        assert problem.place is not None
        return lines[problem.place.line - 1].strip()

    assert line_of("'raises': KeyError: 'key'") == 'return wrong["key"]'
    assert line_of("'missing': there is no table") == 'def missing(): return dlt.read("no_such_table")'
    assert line_of("in a circle") == 'def circle_b(): return spark.sql("SELECT * FROM LIVE.circle_a")'
    assert line_of("'empty': has no flow") == 'dlt.create_streaming_table("empty")'


def test_what_only_follows_from_a_mistake_is_not_one(refused: InvalidPipelineError) -> None:
    assert [problem for problem in refused.problems if "reads_missing" in problem.message or "'good'" in problem.message] == []


def test_nothing_was_written(project: Any, refused: InvalidPipelineError) -> None:
    assert refused.exit_code == 2
    assert not (project.storage / "tables").exists()
    assert not (project.storage / "system/events").exists()
    assert not (project.storage / "system/tables").exists()


def test_one_mistake_is_one_line_with_its_place(project: Any) -> None:
    source = project.write("one/lane.py", "import dlt\n\n@dlt.table\ndef a():\n    return dlt.read('nothing')\n")

    with pytest.raises(UsageError) as raised:
        project.run(sources=source)

    assert str(raised.value).startswith(f"{source}:5: 'a': there is no table 'nothing'")
    assert "\n" not in str(raised.value)


def test_an_input_that_is_not_there_is_named(project: Any, spark: Any) -> None:
    import goldlane

    with pytest.raises(UsageError, match="--input orders=/nowhere/at/all: there is no such path"):
        goldlane.run(project.folder / "lane", storage=project.storage, spark=spark, inputs={"orders": "/nowhere/at/all"})
