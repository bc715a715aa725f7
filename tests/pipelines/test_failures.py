"""What a person reads of what Spark raised."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from goldlane.pipelines.failures import failure_of, message_of
from goldlane.pipelines.places import Place

VIOLATION = (
    "[EXPECTATION_VIOLATION.VERBOSITY_ALL] Flow 'orders' failed to meet the expectation. "
    "Violated expectations: 'paid'. Input data: '{}'. Output record: '{}'."
)


@pytest.mark.parametrize(
    "raised, expected",
    [
        ("one line", "one line"),
        ("\n  first\nsecond", "first"),
        ("org.apache.spark.SparkException: Job aborted.", "Job aborted."),
        ("java.lang.RuntimeException: x\n\tat a.b(C.java)\nCaused by: java.io.IOException: disk full\n\tat d.e", "disk full"),
        (
            "[AMBIGUOUS_REFERENCE] Reference `x` is ambiguous. SQLSTATE: 42704; line 1 pos 3;\n'Project",
            "[AMBIGUOUS_REFERENCE] Reference `x` is ambiguous. (line 1, column 4 of the SQL text)",
        ),
        (
            (
                "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column, variable, or function parameter with name `prise` cannot be resolved. "
                "Did you mean one of the following? [`price`, `id`]. SQLSTATE: 42703"
            ),
            "there is no column 'prise'; did you mean 'price'? There are price, id",
        ),
        (
            "[UNRESOLVED_ROUTINE] Cannot resolve routine `is_ok` on search path [`system`.`builtin`]. SQLSTATE: 42883; line 1 pos 0",
            "there is no SQL function 'is_ok'; is it misspelt",
        ),
        (
            'PythonException: Traceback (most recent call last):\n  File "lane.py", line 8, in parsed\n    int(text)\nValueError: bad\n',
            "a Python function raised ValueError: bad",
        ),
        ("[PARSE_SYNTAX_ERROR] Syntax error at 'x'. SQLSTATE: 42601", "[PARSE_SYNTAX_ERROR] Syntax error at 'x'."),
        ("Query a [id = 1, runId = 2] terminated with exception: the cause", "the cause"),
        ("", "RuntimeError"),
        (f"wrapped\n{VIOLATION} SQLSTATE: P0001\n\tat x", VIOLATION),
        ("[DELTA_SOURCE_TABLE_IGNORE_CHANGES] Detected a data update", "a source table of this stream was updated or deleted from"),
    ],
)
def test_the_cause_in_one_line(raised: str, expected: str) -> None:
    assert message_of(RuntimeError(raised)).startswith(expected)
    assert "\n" not in message_of(RuntimeError(raised))


def test_pythons_own_errors_say_what_they_are() -> None:
    assert message_of(KeyError("price")) == "KeyError: 'price'"


@pytest.mark.parametrize(
    "text",
    [
        'x\n== DataFrame ==\n"cast" was called from\n{file}:7\n\n\tat org',
        'Traceback:\n  File "pyspark/worker.py", line 3\n  File "{file}", line 7, in f',
    ],
)
def test_the_line_that_spark_blames_is_the_place(tmp_path: Path, text: str) -> None:
    file = str(tmp_path / "lane.py")

    assert failure_of(RuntimeError(text.format(file=file)), None, tmp_path, Place("lane.py", 1)).place == Place(file, 7)


def test_a_broken_expectation_is_found_behind_other_errors() -> None:
    error = RuntimeError("stopped")
    error.__cause__ = ValueError(VIOLATION)

    assert message_of(error) == VIOLATION


def test_the_place_is_the_users_deepest_line_else_the_declaration(tmp_path: Path) -> None:
    declared = Place("orders.py", 3)
    helper = tmp_path / "helper.py"
    names: dict[str, object] = {}
    exec(compile("def wrong():\n    return 1 / 0\n", str(helper), "exec"), names)  # noqa: S102  a user's file
    try:
        names["wrong"]()  # type: ignore[operator]
    except ZeroDivisionError as error:
        inside = failure_of(error, sys.exc_info()[2], tmp_path, declared)
        outside = failure_of(error, sys.exc_info()[2], tmp_path / "help", declared)

    assert (inside.kind, inside.place) == ("ZeroDivisionError", Place(str(helper), 2))
    assert outside.place == declared
