"""Calls in SQL text, read without a JVM."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.readfiles.arguments import Arguments, arguments_of
from goldlane.pipelines.readfiles.formats import format_of
from goldlane.pipelines.readfiles.options import keeps_rescued, options_of
from goldlane.sqlcalls import table_calls


def read(text: str, evaluate: Any = None) -> Arguments:
    (call,) = table_calls(f"SELECT * FROM {text}", {"read_files": None})
    return arguments_of(call, evaluate)


def test_literals_are_values_whatever_their_quotes() -> None:
    given = read("""read_files("/in", format => 'csv', header => true, `cloudFiles.maxFilesPerTrigger` => 3, sep=>"'")""")

    assert given == Arguments(("/in",), {"format": "csv", "header": True, "cloudfiles.maxfilespertrigger": "3", "sep": "'"})


def test_other_constants_are_evaluated() -> None:
    asked = []

    def evaluate(expression: str) -> str:
        asked.append(expression)
        return "/in/2024"

    assert read("read_files('/in/' || year(current_date()))", evaluate).positional == ("/in/2024",)
    assert asked == ["'/in/' || year(current_date())"]


def test_what_is_no_constant_is_named() -> None:
    def evaluate(expression: str) -> NoReturn:
        raise ValueError(f"no column {expression}\nand more")

    with pytest.raises(PipelineError, match="read_files: 'path' is no constant: no column path; 'csv' is no constant: no column csv"):
        read("read_files(path, format => csv)", evaluate)


def test_types_are_inferred_unless_told_otherwise() -> None:
    assert options_of({"format": "csv", "header": True}, streams=True) == {
        "cloudFiles.inferColumnTypes": "true",
        "cloudFiles.format": "csv",
        "header": "true",
    }
    assert options_of({"infercolumntypes": False}, streams=True) == {"cloudFiles.inferColumnTypes": "false"}


def test_a_batch_looks_at_all_files_and_knows_nothing_of_streams() -> None:
    options = options_of({"maxfilespertrigger": 3, "schemaevolutionmode": "addNewColumns", "filenamepattern": "*.csv"}, streams=False)

    assert "cloudFiles.maxFilesPerTrigger" not in options
    assert options["cloudFiles.schemaEvolutionMode"] == "rescue"
    assert int(options["cloudFiles.schemaInference.sampleSize.numFiles"]) > 10**9
    assert options["pathGlobFilter"] == "*.csv"


def test_a_misspelt_option_is_told_with_the_right_one() -> None:
    with pytest.raises(PipelineError, match="unknown option 'schemahint', did you mean 'schemaHints'"):
        options_of({"format": "csv", "schemahint": "a INT"}, streams=True)


@pytest.mark.parametrize(
    "given, keeps",
    [({}, True), ({"schemaevolutionmode": "rescue"}, True), ({"schemaevolutionmode": "none"}, False)],
)
def test_mode_none_leaves_the_rescued_column_out(given: dict[str, Any], keeps: bool) -> None:  # noqa: FBT001  a case's outcome
    assert keeps_rescued(given) is keeps
    assert keeps_rescued({**given, "rescueddatacolumn": "_rescued_data"})


@pytest.mark.parametrize(
    "names, expected",
    [(["a.csv", "b.CSV.gz"], "csv"), (["x/part-0.snappy.parquet"], "parquet"), (["a.jsonl", "b.ndjson"], "json"), (["a.txt"], "text")],
)
def test_the_names_of_files_tell_their_format(names: list[str], expected: str) -> None:
    assert format_of(names, "/in") == expected


@pytest.mark.parametrize("names, told", [([], "no files"), (["a.csv", "b.json"], r"\*.csv, \*.json"), (["a.dat"], r"\*.dat")])
def test_names_that_tell_no_format_are_named(names: list[str], told: str) -> None:
    with pytest.raises(PipelineError, match=f"/in holds .*{told}"):
        format_of(names, "/in")
