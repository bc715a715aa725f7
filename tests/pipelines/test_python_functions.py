"""Python functions in queries: over a table's columns, and when they raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

SOURCE = """
    import dlt
    from pyspark.sql import functions as F

    @F.udf("int")
    def number(text):
        return int(text)

    @dlt.table
    def lengths():
        return dlt.read("orders").select(F.udf(len, "int")("amount").alias("length"))

    @dlt.table
    def numbers():
        return dlt.read("orders").select(number("amount").alias("amount"))
"""


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Any]) -> Any:
    made = new_project()
    made.write("lane/lane.py", SOURCE)
    made.feed("orders", {"amount": "5"}, {"amount": "abc"})
    return made


def test_a_python_function_reads_a_tables_columns_and_one_that_raises_is_named_with_its_line(project: Any) -> None:
    update = project.run()

    error = update["numbers"].error
    assert project.rows("lengths") == [(1,), (3,)]
    assert error is not None
    assert error.message == "a Python function raised ValueError: invalid literal for int() with base 10: 'abc'"
    assert error.place is not None
    assert (error.place.file.rpartition("/")[2], error.place.line) == ("lane.py", 7)
