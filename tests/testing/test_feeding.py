from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.errors import UsageError
from goldlane.pipelines.names import Namespace
from goldlane.testing.feeds import Feeds
from goldlane.testing.workplace import Workplace

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DAY, NOON = dt.date(2024, 1, 31), dt.datetime(2024, 1, 31, 12)  # noqa: DTZ001  as tests write them: UTC


@pytest.fixture
def feeds(spark: SparkSession, tmp_path: Path) -> Feeds:
    return Feeds(Workplace(folder=tmp_path, spark=spark, root=tmp_path), Namespace())


def types(feeds: Feeds, table: str = "t") -> str:
    frame = feeds.frame(table)
    assert frame is not None
    return frame.schema.simpleString().removeprefix("struct<").removesuffix(">")


def rows(feeds: Feeds, table: str = "t") -> list[tuple[Any, ...]]:
    frame = feeds.frame(table)
    assert frame is not None
    return sorted((tuple(row) for row in frame.collect()), key=str)


def test_values_have_the_types_that_spark_infers(feeds: Feeds) -> None:
    feeds.add(
        "t", [{"i": 1, "f": 1.5, "s": "a", "b": True, "x": b"", "d": DAY, "at": NOON, "m": Decimal("1.5"), "n": {"l": [1]}}], None, "append"
    )

    assert types(feeds) == ("i:bigint,f:double,s:string,b:boolean,x:binary,d:date,at:timestamp,m:decimal(38,18),n:struct<l:array<bigint>>")
    assert rows(feeds)[0][5:8] == (DAY, NOON, Decimal("1.500000000000000000"))


def test_a_schema_types_the_columns_it_names_and_reads_text_as_them(feeds: Feeds) -> None:
    record = {
        "id": "a",
        "at": "2024-01-31 12:00:00",
        "z": "2024-01-31T14:00:00+02:00",
        "d": "2024-01-31",
        "m": "1.50",
        "k": {"a": 1},
        "n": None,
    }

    feeds.add("t", [record], "at TIMESTAMP, z TIMESTAMP, d DATE, m DECIMAL(10,2), k MAP<STRING,INT>, n STRUCT<a:INT>", "append")

    assert types(feeds) == "id:string,at:timestamp,z:timestamp,d:date,m:decimal(10,2),k:map<string,int>,n:struct<a:int>"
    assert rows(feeds) == [("a", NOON, NOON, DAY, Decimal("1.50"), {"a": 1}, None)]


def test_later_feeds_take_the_types_of_the_table_and_may_bring_columns(feeds: Feeds) -> None:
    feeds.add("t", [(1, DAY)], "id INT, d DATE", "append")
    feeds.add("default.t", [{"id": 2, "d": None, "new": "x"}], None, "append")

    assert types(feeds) == "id:int,d:date,new:string"
    assert rows(feeds) == [(1, DAY, None), (2, None, "x")]


def test_a_frame_has_types_of_its_own(feeds: Feeds, spark: SparkSession) -> None:
    with pytest.raises(UsageError, match="schema= is for rows"):
        feeds.add("t", spark.range(1), "id INT", "append")


def test_a_column_in_another_case_is_the_same_column(feeds: Feeds) -> None:
    feeds.add("t", [{"id": 1, "day": DAY}], "id INT", "append")
    feeds.add("t", [{"ID": 2, "Day": "2024-02-01"}], "DAY DATE", "append")
    feeds.add("u", [{"day": "2024-02-01"}], "DAY DATE", "append")

    assert (types(feeds), rows(feeds)) == ("id:int,day:date", [(1, DAY), (2, dt.date(2024, 2, 1))])
    assert types(feeds, "u") == "DAY:date"


def test_overwriting_is_a_new_snapshot(feeds: Feeds) -> None:
    feeds.add("t", [{"id": 1}], None, "append")
    feeds.add("t", [{"name": "a"}], None, "overwrite")

    assert rows(feeds) == [("a",)]


def test_a_table_without_rows_has_the_columns_of_its_schema(feeds: Feeds) -> None:
    feeds.add("t", [], "id INT, n STRUCT<a:DATE>", "append")

    assert (types(feeds), rows(feeds)) == ("id:int,n:struct<a:date>", [])


def test_frames_and_files_are_rows_too(feeds: Feeds, spark: SparkSession, tmp_path: Path) -> None:
    import pandas as pd

    (tmp_path / "rows.csv").write_text("id,d\n4,2024-01-31\n")

    feeds.add("t", spark.createDataFrame([(1, DAY)], "id INT, d DATE"), None, "append")
    feeds.add("t", pd.DataFrame({"id": [2], "d": [DAY]}), None, "append")
    feeds.add("t", spark.createDataFrame([(3, DAY)], "id INT, d DATE").collect(), None, "append")
    feeds.add("t", "rows.csv", None, "append")

    assert rows(feeds) == [(1, DAY), (2, DAY), (3, DAY), (4, DAY)]


@pytest.mark.parametrize(
    "given, schema, message",
    [
        ([{"a": None, "b": None}], None, "column a: every value is NULL.*column b: every value is NULL"),
        ([{"a": "x", "b": "y"}], "a INT, b DATE", "column a: Failed to parse string: 'x'.*column b: Failed to parse string: 'y'"),
        ([], None, "no rows and no schema"),
        ([(1, 2)], None, "tuples, so their columns have no names"),
        ([(1, 2)], ["a"], "has 2 values, and schema names 1 columns"),
        ([1], None, "1 is no row"),
        (1, None, "rows of 't' are int"),
        ([{"id": 1, "ID": 2}], None, "id and ID are one column to Spark"),
        ([(1, 2)], ["a", "A"], "a and A are one column to Spark"),
        ([{1: 2}], None, "the column 1 is not named by text"),
        ([{"i": 2.5, "d": NOON}], "i INT, d DATE", r"column i: 2.5 would become 2 as int32.*column d: .* would become .* as date32"),
        (
            [{"s": {"a": 1, "zz": [1]}, "l": [2.5]}],
            "s STRUCT<a:INT>, l ARRAY<INT>",
            r"column s: {'a': 1, 'zz': .*column l: \[2.5\] would become",
        ),
        ([{"n": 2**70, "t": NOON.time()}], None, "column n: .*too large.*column t: Delta has no type for time64"),
        ([{"v": "{}"}], "v VARIANT", "v is VARIANT .feed a DataFrame of Spark"),
        ([{"id": 1}], "id WRONG", "schema 'id WRONG': .*WRONG.*as in 'id BIGINT, at TIMESTAMP'"),
        ("lost.csv", None, "there is no file .*lost.csv .text is taken as the path of a file"),
    ],
)
def test_rows_that_are_none_are_refused_with_every_mistake(feeds: Feeds, given: Any, schema: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        feeds.add("t", given, schema, "append")

    assert feeds.names == ()
