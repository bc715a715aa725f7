"""``run``, ``events`` and ``graph`` over small pipelines: the shapes of ``--json``, and what a broken source or landing folder ends in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

pytestmark = pytest.mark.usefixtures("spark")  # the session that serves the commands

Goldlane = Callable[..., Any]
NUMBERS = """
import dlt


@dlt.table
def numbers():
    return spark.range(3)


@dlt.table
@dlt.expect_or_drop("is_even", "id % 2 = 0")
def evens():
    return dlt.read("numbers")
"""
LANDED = """
import dlt
from pyspark.sql import functions as F


@dlt.table
def raw():
    files = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
    return files.option("cloudFiles.schemaHints", "_corrupt_record STRING").load(spark.conf.get("landing"))


@dlt.table
@dlt.expect_or_drop("line_is_readable", "_corrupt_record IS NULL")
def clean():
    return dlt.read_stream("raw").select(F.col("amount").try_cast("double").alias("amount"), "_corrupt_record")
"""
DIVIDING = """
import dlt


@dlt.table
def shares():
    return spark.range(3).selectExpr("1 / (id - 1) AS share")
"""
FAILING = """
import dlt


@dlt.table
@dlt.expect_or_fail("is_small", "id < 2")
def strict():
    return spark.range(3)


@dlt.table
def after():
    return dlt.read("strict")
"""


def written(file: str, text: str) -> Path:
    path = Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path.resolve()


def tables(storage: str) -> list[str]:
    return sorted(str(path.parent.relative_to(storage)) for path in Path(storage).glob("tables/*/*/_delta_log"))


def test_what_a_pipeline_prints_goes_to_stderr(goldlane: Goldlane) -> None:
    written("talking.py", 'print("loading")\n' + NUMBERS.replace("return spark.range(3)", 'print("planning"); return spark.range(3)'))

    ran = goldlane("run", "talking.py", "--storage", "storage", "--validate-only", "--json")

    assert ran.document["status"] == "COMPLETED"
    assert {"loading", "planning"} <= set(ran.err.splitlines())


def test_a_run_reports_in_the_contracts_shape_and_a_second_one_changes_nothing(goldlane: Goldlane) -> None:
    source = written("shop/p.py", NUMBERS)

    ran, again = (goldlane("run", source, "--storage", "s", "--json") for _ in range(2))

    numbers, evens = ran.document["datasets"]
    assert (ran.code, ran.document["status"], set(ran.document)) == (0, "COMPLETED", {"update_id", "status", "seconds", "datasets"})
    assert (numbers["name"], numbers["kind"], numbers["status"]) == ("numbers", "materialized_view", "COMPLETED")
    assert (evens["output_rows"], evens["dropped_rows"], evens["error"]) == (2, 1, None)
    assert evens["expectations"] == [{"name": "is_even", "action": "drop", "passed": 2, "failed": 1}]
    assert DeltaTable(evens["path"]).to_pyarrow_table().sort_by("id").to_pydict() == {"id": [0, 2]}
    assert [dataset["status"] for dataset in again.document["datasets"]] == ["UNCHANGED", "UNCHANGED"]


def test_events_are_a_list_of_rows_of_all_updates_or_of_one(goldlane: Goldlane) -> None:
    source = written("shop/p.py", NUMBERS)
    for mode in ([], ["--validate-only"]):
        goldlane("run", source, "--storage", "s", *mode)

    rows, last = (goldlane("events", "--storage", "s", *more, "--json").document for more in ([], ["--update", "last"]))

    assert {"id", "sequence", "origin", "timestamp", "message", "level", "details", "error", "event_type"} <= set(rows[0])
    assert [row["event_type"] for row in rows].count("create_update") == 2
    assert last == [row for row in rows if row["origin"]["update_id"] == rows[-1]["origin"]["update_id"]]
    created = goldlane("events", "--storage", "s", "--type", "create_update,user_action", "--json").document
    assert [row["event_type"] for row in created] == ["create_update", "user_action"] * 2
    assert goldlane("events", "--storage", "s", "--level", "error").out == ""
    told = goldlane("events", "--storage", "s", "--update", "last").out.splitlines()
    assert told[0].startswith(f"update {last[0]['origin']['update_id']} of shop")
    assert any(line.endswith("dataset_definition   Defined numbers.") for line in told)
    unknown = goldlane("events", "--storage", "s", "--update", "zzz")
    assert (unknown.code, "s has no update 'zzz'" in unknown.complaint) == (2, True)


def test_a_dry_run_updates_no_table(goldlane: Goldlane) -> None:
    ran = goldlane("run", written("shop/p.py", NUMBERS), "--storage", "s", "--validate-only", "--json")

    assert (ran.code, [dataset["name"] for dataset in ran.document["datasets"]]) == (0, ["numbers", "evens"])
    assert tables("s") == []


@pytest.mark.parametrize(
    "form,expected",
    [
        ("mermaid", "graph LR\n  numbers[(numbers)]\n  evens[(evens)]\n  numbers --> evens\n"),
        ("text", "numbers  materialized view\nevens    materialized view  <- numbers\n"),
    ],
)
def test_a_graph_for_people(goldlane: Goldlane, form: str, expected: str) -> None:
    ran = goldlane("graph", written("shop/p.py", NUMBERS), "--format", form)

    assert (ran.code, ran.out, ran.err) == (0, expected, "")


OUTWARD = """
import dlt
dlt.create_sink("end", "delta", {"path": "/mnt/out"})

@dlt.append_flow(target="end")
def sent():
    return dlt.read_stream("a.b")

@dlt.table(name="a.b")
def arrived():
    return spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").load("/mnt/landing")

@dlt.table
def a_b():
    return spark.read.csv("/mnt/files").join(spark.read.table("raw.names"), "id")
"""


def test_a_graph_is_drawn_without_the_pipelines_inputs_and_with_its_sinks(goldlane: Goldlane) -> None:
    ran = goldlane("graph", written("shop/p.py", OUTWARD), "--format", "mermaid")

    assert (ran.code, ran.out.splitlines()) == (
        0,
        [
            "graph LR",
            '  raw_names[/"raw.names"/]',
            "  end_1_[[end]]",
            '  a_b["a.b"]',
            "  a_b_2_[(a_b)]",
            "  a_b --> end_1_",
            "  raw_names --> a_b_2_",
        ],
    )


def test_a_graph_whose_inputs_hide_it_says_what_is_missing(goldlane: Goldlane) -> None:
    hidden = (
        "import dlt\n\n@dlt.table\ndef x():\n    return spark.read.table([row.name for row in spark.table('raw.names').collect()][0])\n"
    )

    ran = goldlane("graph", written("shop/p.py", hidden))

    assert (ran.code, "there is no table 'raw.names'" in ran.complaint) == (2, True)


def test_a_graph_for_programs(goldlane: Goldlane) -> None:
    ran = goldlane("graph", written("shop/p.py", NUMBERS), "--format", "json")

    nodes = [{"name": "numbers", "kind": "materialized_view"}, {"name": "evens", "kind": "materialized_view"}]
    assert ran.document == {"nodes": nodes, "edges": [["numbers", "evens"]]}


@pytest.mark.parametrize("arguments", ["run --storage s", "graph --format json"])
@pytest.mark.parametrize(
    "text,line,message",
    [
        ("import dlt\n\n@dlt.table\ndef x(:\n    pass\n", 4, "not valid Python: invalid syntax"),
        ("import dlt\n\nimport no_such_module\n", 3, "No module named 'no_such_module'; install it, or put it under"),
        ("import dlt\nfrom dlt import tabel\n", 2, "cannot import name 'tabel'"),
        ("import dlt\n\n1 / 0\n", 3, "ZeroDivisionError: division by zero"),
    ],
)
def test_a_source_that_does_not_load_is_named_with_its_line(goldlane: Goldlane, arguments: str, text: str, line: int, message: str) -> None:
    source = written("shop/p.py", text)
    command, *options = arguments.split()

    ran = goldlane(command, source, *options)

    assert (ran.code, ran.out) == (2, "")
    assert ran.complaint.startswith(f"goldlane: {source}:{line}: ")
    assert message in ran.complaint
    assert tables("s") == []


def test_with_json_a_source_that_does_not_load_is_a_document_with_its_place(goldlane: Goldlane) -> None:
    source = written("shop/p.py", "import dlt\nimport no_such_module\n")

    error = goldlane("run", source, "--storage", "s", "--json").document["error"]

    assert (error["class"], error["file"], error["line"]) == ("InvalidPipelineError", str(source), 2)


def test_every_mistake_in_the_sources_is_reported_at_once(goldlane: Goldlane) -> None:
    written("shop/a.py", "import no_such_module\n")
    written("shop/b.py", "import dlt\n\n@dlt.table\ndef x():\n    return dlt.read('nowhere')\n")

    ran = goldlane("run", "shop", "--storage", "s")

    assert ran.code == 2
    assert "2 mistakes:" in ran.complaint
    assert "a.py:1: an import failed" in ran.complaint
    assert "b.py:5: 'x': " in ran.complaint


@pytest.mark.parametrize("option", ["--refresh", "--full-refresh"])
def test_an_unknown_dataset_to_refresh_is_named_beside_those_there_are(goldlane: Goldlane, option: str) -> None:
    ran = goldlane("run", written("shop/p.py", NUMBERS), "--storage", "s", option, "evns")

    assert (ran.code, tables("s")) == (2, [])
    assert "the pipeline has no dataset 'evns'\n  next: it has numbers, evens" in ran.complaint


def test_a_table_of_another_pipeline_is_not_written(goldlane: Goldlane) -> None:
    source = written("shop/p.py", NUMBERS)
    goldlane("run", source, "--storage", "s")
    other = written("shop/q.py", NUMBERS.replace("numbers", "others"))

    ran = goldlane("run", other, "--storage", "s", "--name", "another")

    assert ran.code == 2
    assert (
        "evens belongs to pipeline 'shop'\n  next: this is pipeline 'another'; rename the table, or use another --storage" in ran.complaint
    )
    assert tables("s") == ["tables/default/evens", "tables/default/numbers"]


def test_a_failing_flow_is_exit_1_and_rolls_back_and_what_depends_on_it_is_skipped(goldlane: Goldlane) -> None:
    source = written("shop/p.py", FAILING)

    ran = goldlane("run", source, "--storage", "s", "--json")

    strict, after = ran.document["datasets"]
    assert (ran.code, ran.document["status"]) == (1, "FAILED")
    assert (strict["status"], strict["error"]["file"], after["status"]) == ("FAILED", str(source), "SKIPPED")
    assert "Violated expectations: 'is_small'" in strict["error"]["message"]
    assert DeltaTable(strict["path"]).to_pyarrow_table().num_rows == 0
    assert "Traceback" not in ran.err


def test_a_failing_write_names_its_cause_and_the_line(goldlane: Goldlane) -> None:
    source = written("shop/p.py", DIVIDING)

    ran = goldlane("run", source, "--storage", "s")

    assert ran.code == 1
    assert f"goldlane: {source}:" in ran.err
    assert "shares: " in ran.err
    assert "[DIVIDE_BY_ZERO]" in ran.err
    assert "FAILED" in ran.out


# What lands: the folder and its files.


def run_over(goldlane: Goldlane, landing: str) -> Any:
    return goldlane("run", written("shop/p.py", LANDED), "--storage", "s", "--conf", f"landing={Path(landing).resolve()}")


def test_a_setting_that_nobody_gave_is_named_with_how_to_give_it(goldlane: Goldlane) -> None:
    ran = goldlane("run", written("shop/p.py", LANDED), "--storage", "s")

    assert ran.code == 2
    assert "p.py:9: 'raw': " in ran.complaint
    assert "--conf landing=VALUE" in ran.complaint


@pytest.mark.parametrize("landing,message", [("landing", "holds no files to infer a schema from"), ("nowhere", "there is no ")])
def test_a_landing_folder_without_files_says_what_to_do(goldlane: Goldlane, landing: str, message: str) -> None:
    Path("landing").mkdir()

    ran = run_over(goldlane, landing)

    assert (ran.code, tables("s")) == (2, [])
    assert "p.py:9: 'raw': cloudFiles: " in ran.complaint
    assert f"{message}" in ran.complaint
    assert ran.complaint.count("(") <= 2, "the next step is said once"


@pytest.mark.slow
def test_a_missing_column_is_named_where_it_is_read_and_found_when_it_has_come(goldlane: Goldlane) -> None:
    written("landing/a.json", '{"price": "1"}\n')

    ran = run_over(goldlane, "landing")
    written("landing/b.json", '{"amount": "2"}\n')
    mended = run_over(goldlane, "landing")

    assert ran.code == 2
    assert "p.py:15: 'clean': there is no column 'amount'; did you mean 'price'?" in ran.complaint
    assert (mended.code, tables("s")) == (0, ["tables/default/clean", "tables/default/raw"])


def test_what_is_no_json_is_kept_as_it_came_and_counted(goldlane: Goldlane) -> None:
    written("landing/a.json", '{"amount": "1"}\n{"amount": "2", "x\n')
    written("landing/b.json", "dear all,\nplease find the figures attached\n")

    ran = run_over(goldlane, "landing")

    raw, clean = (DeltaTable(f"s/tables/default/{name}").to_pyarrow_table().to_pydict() for name in ("raw", "clean"))
    assert ran.code == 0
    assert sorted(filter(None, raw["_corrupt_record"])) == ["dear all,", "please find the figures attached", '{"amount": "2", "x']
    assert clean == {"amount": [1.0], "_corrupt_record": [None]}
    assert "line_is_readable 3" in ran.out
