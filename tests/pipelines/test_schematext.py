"""``schema=`` as public pipelines write it: columns for Spark, and what Spark's parser refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from goldlane.pipelines.errors import DefinitionError
from goldlane.pipelines.schematext import parse_schema

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.usefixtures("spark")  # Spark's parser lives in the JVM


@pytest.mark.parametrize(
    "schema, columns, key",
    [
        ("id INT", {"id": "int"}, ()),
        ("id INT, name STRING COMMENT 'a, b (c)'", {"id": "int", "name": "string"}, ()),
        ("id INT NOT NULL, CONSTRAINT pk PRIMARY KEY (id)", {"id": "int"}, ("id",)),
        ("id INT, day DATE, constraint pk primary key(id, `day` TIMESERIES) RELY", {"id": "int", "day": "date"}, ("id", "day")),
        ("id INT, PRIMARY KEY (id)", {"id": "int"}, ("id",)),
        ("id INT, total DECIMAL(10, 2), tags ARRAY<STRING>", {"id": "int", "total": "decimal(10,2)", "tags": "array<string>"}, ()),
        ("m MAP<STRING, STRUCT<a: INT, b: STRING>>", {"m": "map<string,struct<a:int,b:string>>"}, ()),
        ("id BIGINT GENERATED ALWAYS AS IDENTITY (START WITH 1), x INT", {"id": "bigint", "x": "int"}, ()),
        ("at TIMESTAMP, day DATE GENERATED ALWAYS AS (CAST(at AS DATE))", {"at": "timestamp", "day": "date"}, ()),
        ("id INT, ssn STRING MASK main.s.f USING COLUMNS (id)", {"id": "int", "ssn": "string"}, ()),
        ("id INT, c INT, CONSTRAINT fk FOREIGN KEY (c) REFERENCES o (id)", {"id": "int", "c": "int"}, ()),
        ("`odd name` INT, `a,b` STRING", {"odd name": "int", "a,b": "string"}, ()),
        ("\n  id INT,\n  name STRING\n", {"id": "int", "name": "string"}, ()),
    ],
)
def test_columns_and_key(schema: str, columns: dict[str, str], key: tuple[str, ...]) -> None:
    declared = parse_schema(schema)

    assert {column.name: column.dataType.simpleString() for column in declared.columns} == columns
    assert declared.primary_key == key


def test_not_null_and_comments_are_kept() -> None:
    (column,) = parse_schema("id INT NOT NULL COMMENT 'who, exactly'").columns

    assert (column.nullable, column.metadata) == (False, {"comment": "who, exactly"})


@pytest.mark.parametrize(
    "schema, words",
    [
        ("id INTT", "INTT"),
        ("id", "schema="),
        ("id INT, CONSTRAINT pk PRIMARY KEY (di)", "the primary key names ['di'], which are no columns"),
        ("INT", "schema="),
    ],
)
def test_what_is_no_schema_is_refused(schema: str, words: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        parse_schema(schema)

    assert words in str(refused.value)


def test_a_schema_of_types_is_taken_as_it_is(spark: SparkSession) -> None:
    struct = spark.range(1).schema

    assert parse_schema(struct).columns is struct
